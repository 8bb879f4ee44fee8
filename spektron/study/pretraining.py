"""The trial function of every pretraining study: one run, inline or on several workers."""

from __future__ import annotations

from spektron.core.errors import ConfigError
from spektron.corpus import Corpus
from spektron.corpus.streaming.mixture import kind_shares
from spektron.pretrain import PretrainConfig, Worker, pretrain
from spektron.study.study import TrialContext
from spektron.study.trial import CorpusIdentity

__all__ = ["check_pretrain_config", "pretrain_in", "pretrain_trial"]


def check_pretrain_config(config: PretrainConfig, corpus: CorpusIdentity) -> None:
    """Refuse a subset that is larger than the corpus, and a mixture that the corpus cannot give."""
    if config.num_spectra is not None and config.num_spectra > corpus.num_train:
        raise ConfigError(
            f"num_spectra: expected at most {corpus.num_train}, the training spectra of corpus {corpus.name!r}, "
            f"found {config.num_spectra}",
            "lower space.num_spectra, or pass a larger --corpus",
        )
    if config.mix is not None:
        kind_shares(corpus.num_train_by_kind, config.mix, config.num_spectra)


def pretrain_trial(context: TrialContext) -> dict[str, float]:
    """Pretrain once with the context's `PretrainConfig`; return the last held-out metrics."""
    return pretrain_in(context, context.config)


def pretrain_in(context: TrialContext, config: PretrainConfig) -> dict[str, float]:
    """Pretrain where a context says; return the last held-out metrics.

    With one worker the loop runs here, in the Tune actor; with more it is the same loop under a nested TorchTrainer.
    """
    placement = context.placement
    use_gpu = placement.gpus_per_worker > 0
    worker = Worker(
        device="cuda" if use_gpu else "cpu",
        num_threads=placement.threads_per_worker,
        accumulation=placement.accumulation,
        compile=placement.compile,
        recompute=placement.recompute,
        checkpoint_every=placement.checkpoint_every,
    )
    if placement.num_workers > 1:
        # Ray Train is imported only where it is needed: it costs every inline trial's actor seconds.
        from ray.tune.integration.ray_train import TuneReportCallback

        from spektron.pretrain.distributed import pretrain_distributed

        return pretrain_distributed(
            config,
            context.corpus_dir,
            num_workers=placement.num_workers,
            use_gpu=use_gpu,
            cpus_per_worker=placement.cpus_per_worker,
            checkpoint_dir=context.checkpoint_dir,
            worker=worker,
            held_out_split=context.split,
            callbacks=(TuneReportCallback(),),
        )
    return pretrain(
        config,
        Corpus.open(context.corpus_dir),
        checkpoint_dir=context.checkpoint_dir,
        report=context.report,
        worker=worker,
        held_out_split=context.split,
    )
