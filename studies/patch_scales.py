"""Which windows should a spectrum be cut into, and how should their tokens meet.

Question: how do the seven subsets of fine (16 points), medium (64) and coarse (128) windows compare, and the three
merges of several scales, at an equal number of steps?

Prediction: subsets with coarse windows are best at laptop scale, because spans of 171 points are hidden from a sequence
of few tokens; concat is best among the merges, and cross_attention within 10 % of it at a third of the price.

With one scale there is nothing to merge, so those arms come once: 3 + 4 × 3 = 15. Arms differ in cost: the table gives
the time of a trial beside its error, and the cluster preset is the place to compare them at equal cost.

    python studies/patch_scales.py --preset smoke               # is everything wired?
    python studies/patch_scales.py --corpus DIR                 # laptop: 15 arms × 5 seeds
    ray job submit --working-dir . -- python studies/patch_scales.py --preset cluster --corpus DIR
"""

from functools import partial
from itertools import combinations

from spektron.model import SCALES
from spektron.pretrain import PretrainConfig
from spektron.study import Preset, Study, StudySettings, main
from spektron.study.ablation import ablation_analysis
from spektron.study.presets import CLUSTER, LAPTOP, SMOKE
from spektron.study.pretraining import check_pretrain_config, pretrain_trial
from spektron.study.space import Choice

SUBSETS = tuple(list(subset) for size in (1, 2, 3) for subset in combinations(SCALES, size))


def without_scales(values: dict[str, object]) -> dict[str, object]:
    """A preset's values less the scales, which this study sweeps; three layers, one for each scale at least."""
    return {path: value for path, value in values.items() if path != "config.encoder.scales"}


def patch_scales() -> Study[PretrainConfig]:
    """The study, as a value; building it runs nothing."""
    return Study(
        name="patch_scales",
        version=1,
        question="Which windows should a spectrum be cut into, and how should their tokens meet?",
        prediction="Subsets with coarse windows win at laptop scale; concat is the best merge, cross_attention within "
        "10 % of it.",
        settings=StudySettings[PretrainConfig](
            config=PretrainConfig(),
            space={
                "encoder.scales": Choice(values=SUBSETS),
                "encoder.merge": Choice(values=("concat", "cross_attention", "hierarchical")),
                "seed": Choice(values=(0, 1, 2, 3, 4)),
            },
        ),
        trial=pretrain_trial,
        check=check_pretrain_config,
        metric="val_mse",
        direction="minimize",
        presets={
            "smoke": Preset(
                expect="under a minute on 2 cores",
                values={
                    **without_scales(dict(SMOKE)),
                    "config.encoder.layers": 3,
                    "space.encoder.scales": [["coarse"], ["medium", "coarse"]],
                    "space.seed": [0],
                },
            ),
            "laptop": Preset(
                expect="about half an hour on 2 cores",
                values={**without_scales(dict(LAPTOP)), "config.steps": 600, "config.encoder.layers": 3},
            ),
            "cluster": Preset(expect="hours on 8 GPUs for 400K spectra", values=CLUSTER),
        },
        analysis=partial(
            ablation_analysis,
            reference={"encoder.scales": ["fine", "medium", "coarse"], "encoder.merge": "concat"},
        ),
    )


STUDY = patch_scales()

if __name__ == "__main__":
    raise SystemExit(main(STUDY))
