"""What should be hidden while a model learns.

Question: which kind of mask (random regions, long spans, regions that hold bands) gives the lowest held-out error, and
does a curriculum over ratios and kinds beat one mask throughout?

Prediction: long spans are best under the held-out masks, which are long spans too; a curriculum is within 5 % of the
best single kind. To see the home advantage, the error under random and peak masks stands beside it.

Every arm hides a quarter of the points at the end; the curricula get there by 10, 20 and 30 % (paper_ratios: random
masks throughout; paper_kinds: a quarter throughout, kinds as in the paper; paper: both).

    python studies/masking.py --preset smoke                    # under a minute: is everything wired?
    python studies/masking.py --corpus DIR                      # laptop: 7 arms × 5 seeds
    ray job submit --working-dir . -- python studies/masking.py --preset cluster --corpus DIR
"""

from functools import partial

from spektron.pretrain import PretrainConfig
from spektron.study import Preset, Study, StudySettings, main
from spektron.study.ablation import ablation_analysis
from spektron.study.presets import CLUSTER, LAPTOP, SMOKE
from spektron.study.pretraining import check_pretrain_config, pretrain_trial
from spektron.study.space import Choice

MASKS = (
    {"kind": "random"},
    {"kind": "contiguous"},
    {"kind": "peak"},
    {"kind": {"random": 1, "contiguous": 1, "peak": 1}},
    "paper_ratios",
    "paper_kinds",
    "paper",
)


def masking() -> Study[PretrainConfig]:
    """The study, as a value; building it runs nothing."""
    return Study(
        name="masking",
        version=1,
        question="What should be hidden while a model learns?",
        prediction="Long spans win under held-out long spans; the curriculum is within 5 % of the best single kind.",
        settings=StudySettings[PretrainConfig](
            config=PretrainConfig(),
            space={"mask": Choice(values=MASKS), "seed": Choice(values=(0, 1, 2, 3, 4))},
        ),
        trial=pretrain_trial,
        check=check_pretrain_config,
        metric="val_mse",
        direction="minimize",
        presets={
            "smoke": Preset(
                expect="under a minute on 2 cores",
                values={**SMOKE, "space.mask": [MASKS[0], MASKS[1], "paper"], "space.seed": [0, 1]},
            ),
            "laptop": Preset(expect="about 5 minutes on 2 cores", values={**LAPTOP, "config.steps": 1000}),
            "cluster": Preset(expect="hours on 8 GPUs for 400K spectra", values=CLUSTER),
        },
        analysis=partial(ablation_analysis, reference={"mask": {"kind": "random"}}),
    )


STUDY = masking()

if __name__ == "__main__":
    raise SystemExit(main(STUDY))
