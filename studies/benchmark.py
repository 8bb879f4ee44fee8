"""Which method of calibration transfer is best, and from how many standards on.

Question: over corn (6 directions × 4 properties) and tablets (2 directions × 3 properties, all samples or without the
published outliers), how near does each method come, with 5 to 50 transfer standards, to a calibration made on the child
with all samples?

Prediction: with 5 and 10 standards the difference-augmented ridge is best on corn, within 15 % of all samples; with 50,
methods that learn from the child's labels overtake all that only correct spectra.

    python studies/benchmark.py --preset smoke      # a minute: four methods, one split of corn
    python studies/benchmark.py                     # laptop: all methods, 10 splits, 3 sets
    ray job submit --working-dir . -- python studies/benchmark.py --preset cluster

The data are fetched once, or found below SPEKTRON_DATA. Splits of corn are the published ones where they lie there too.
"""

from functools import partial

from spektron.study import Preset, Study, StudySettings, main
from spektron.study.space import Choice
from spektron.study.transfer_analysis import transfer_analysis
from spektron.study.transferring import transfer_trial
from spektron.transfer.benchmark import TransferConfig

METHODS = (
    *("auto", "none", "mean", "sbc", "ds", "pds", "sst", "epo", "coral", "dipls", "joint_y_pls"),
    *("global_pls", "difference_pls", "recalibration", "residual_ridge", "difference_ridge"),
    *("sg1+none", "sg1+mean", "sg1+sbc", "sg1+ds", "sg1+pds", "sg1+pds_5_1", "sg1+sst", "sg1+epo", "sg1+dipls"),
    *("sg1+global_pls", "sg1+difference_pls", "sg1+recalibration", "sg1+residual_ridge", "sg1+difference_ridge"),
    *("sg1snv+mean", "sg1snv+pds_5_1", "sg1snv+epo", "sg1snv+difference_pls", "sg1snv+residual_ridge"),
    *("sg1snv+recalibration", "sg1snv+difference_ridge"),
)


def benchmark() -> Study[TransferConfig]:
    """The study, as a value; building it runs nothing."""
    return Study(
        name="benchmark",
        version=2,
        question="Which method of calibration transfer is best, and from how many standards on?",
        prediction="Difference-augmented ridge with 5 and 10 standards; what learns from the child's labels with 50.",
        settings=StudySettings[TransferConfig](
            config=TransferConfig(),
            space={
                "dataset": Choice(values=("corn", "tablets", "tablets_clean")),
                "method": Choice(values=METHODS),
                "seed": Choice(values=tuple(range(10))),
            },
        ),
        trial=transfer_trial,
        metric="ratio",
        direction="minimize",
        presets={
            "smoke": Preset(
                expect="about a minute on 2 cores",
                values={
                    "config.num_standards": [5, 10],
                    "space.dataset": ["corn"],
                    "space.method": ["sg1+mean", "sg1+pds_5_1", "sg1+recalibration", "sg1+difference_ridge"],
                    "space.seed": [0],
                },
            ),
            "laptop": Preset(expect="about 2 hours on 2 cores", values={}),
            "cluster": Preset(expect="minutes on 100 cores", values={"train.autoscaling": True}),
        },
        analysis=partial(transfer_analysis, reference={"method": "sg1+difference_ridge"}),
    )


STUDY = benchmark()

if __name__ == "__main__":
    raise SystemExit(main(STUDY))
