"""Whether prediction intervals cover what they promise, and what they cost in width.

Question: do 90 % intervals of transferred predictions hold 85 to 95 % of test samples on the child, in every direction
of corn and tablets, from 5 standards on, and are they narrower than split-conformal intervals of partial least squares?

Prediction: Student's intervals do; conformal ones, of standards that were chosen to be extreme, are wider.

    python studies/uncertainty.py --preset smoke      # a minute: two ways, one split of corn
    python studies/uncertainty.py                     # laptop: 8 ways, 5 splits of corn and tablets
    python studies/uncertainty.py --preset networks --set config.model=FOLDER   # fine-tuned encoders too
    ray job submit --working-dir . -- python studies/uncertainty.py --preset cluster

The data are fetched once, or found below SPEKTRON_DATA.
"""

from functools import partial

from spektron.study import Preset, Study, StudySettings, main
from spektron.study.coverage_analysis import coverage_analysis
from spektron.study.covering import coverage_trial
from spektron.study.space import Choice
from spektron.transfer.coverage import CoverageConfig

INTERVALS = (
    *("auto", "sg1+difference_ridge", "sg1snv+difference_ridge", "sg1+pds_5_1", "recalibration"),
    *("conformal:sg1+difference_ridge", "split:sg1snv+mean", "split:sg1+mean"),
)
NETWORKS = ("lora_8", "lora_8_ensemble", "lora_8_variance")
"""By dropout, by three networks with dropout, and by a variance that is learned; each is made four times a task."""


def uncertainty() -> Study[CoverageConfig]:
    """The study, as a value; building it runs nothing."""
    return Study(
        name="uncertainty",
        version=2,
        question="Do 90 % intervals of transferred predictions cover 90 %?",
        prediction="Student's intervals cover 85 to 95 % everywhere, and are narrower than split-conformal ones.",
        settings=StudySettings[CoverageConfig](
            config=CoverageConfig(),
            space={
                "dataset": Choice(values=("corn", "tablets", "tablets_clean")),
                "intervals": Choice(values=(*INTERVALS, *NETWORKS)),
                "seed": Choice(values=tuple(range(10))),
            },
        ),
        trial=coverage_trial,
        metric="miss",
        direction="minimize",
        presets={
            "smoke": Preset(
                expect="about a minute on 2 cores",
                values={
                    "config.num_standards": [10, 30],
                    "space.dataset": ["corn"],
                    "space.intervals": ["auto", "split:sg1+mean"],
                    "space.seed": [0],
                },
            ),
            "laptop": Preset(
                expect="about an hour on 2 cores",
                values={"space.intervals": list(INTERVALS), "space.seed": [0, 1, 2, 3, 4]},
            ),
            "networks": Preset(
                expect="about half an hour on 2 cores",
                values={
                    "config.num_standards": [10, 30],
                    "space.dataset": ["corn"],
                    "space.intervals": ["auto", "sg1+difference_ridge", *NETWORKS],
                    "space.seed": [1],
                },
            ),
            "cluster": Preset(expect="minutes on 100 cores", values={"train.autoscaling": True}),
        },
        analysis=partial(coverage_analysis, baseline="split:sg1+mean", judged="auto"),
    )


STUDY = uncertainty()

if __name__ == "__main__":
    raise SystemExit(main(STUDY))
