"""Is a pretrained embedding worth more than an untrained one, or than principal components.

Question: how much of a spectrum's class and properties can a linear map read off its embedding, after pretraining on a
corpus without labels?

Prediction: the pretrained embedding's mean probe error is at least 10 % below that of its random twin and below that of
as many principal components of the corpus; components of a task's own spectra may be better on properties, which are
nearly linear in absorbance.

Thirteen tasks: five classes, seven properties, and the modality of spectra of sources that the probe has not seen (the
encoder is then not told the modality). Errors are relative to knowing nothing; folds are the same for every arm.

    python studies/embedding.py --preset smoke --corpus DIR     # a minute: is everything wired?
    python studies/embedding.py --corpus DIR                    # laptop: 4 representations × 5 seeds
    ray job submit --working-dir . -- python studies/embedding.py --preset cluster --corpus DIR
"""

from functools import partial

from spektron.model import EncoderConfig
from spektron.pretrain.views import ViewConfig
from spektron.probe import ProbeConfig
from spektron.study import Preset, Study, StudySettings, main
from spektron.study.ablation import ablation_analysis
from spektron.study.presets import CLUSTER, LAPTOP, SMOKE
from spektron.study.pretraining import check_pretrain_config
from spektron.study.probing import PROBE_ERROR, PROBE_MEASURES, probe_trial
from spektron.study.space import Choice


def embedding() -> Study[ProbeConfig]:
    """The study, as a value; building it runs nothing."""
    return Study(
        name="embedding",
        version=1,
        question="Is a pretrained embedding worth more than an untrained one, or than principal components?",
        prediction="At least 10 % less probe error than the random twin, and less than principal components.",
        settings=StudySettings[ProbeConfig](
            # Reconstruction alone gives the embedding no aim of its own; agreement of views does. Modalities are hidden
            # now and then, so that the encoder can do without.
            config=ProbeConfig(
                encoder=EncoderConfig(embedding="mean"), views=ViewConfig(), byol_weight=0.1, modality_dropout=0.1
            ),
            space={
                "representation": Choice(values=("pretrained", "random", "pca", "pca_task")),
                "seed": Choice(values=(0, 1, 2, 3, 4)),
            },
        ),
        trial=probe_trial,
        check=check_pretrain_config,
        metric="probe_error",
        direction="minimize",
        presets={
            "smoke": Preset(expect="about a minute on 2 cores", values={**SMOKE, "space.seed": [0, 1]}),
            "laptop": Preset(expect="about 10 minutes on 2 cores", values=LAPTOP),
            "cluster": Preset(expect="hours on 8 GPUs for 400K spectra", values=CLUSTER),
        },
        analysis=partial(
            ablation_analysis,
            reference={"representation": "random"},
            measure=PROBE_ERROR,
            others=PROBE_MEASURES,
        ),
    )


STUDY = embedding()

if __name__ == "__main__":
    raise SystemExit(main(STUDY))
