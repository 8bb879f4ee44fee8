"""What is one more transfer standard worth.

Question: how does the error on the child fall with the number of transfer standards, and from how many on is it better
to forget the parent and calibrate the child anew?

Prediction: on corn recalibration needs 30 standards to come within 10 % of the best transfer.

    python studies/sample_efficiency.py --preset smoke      # a minute: two methods, one split of corn
    python studies/sample_efficiency.py                     # laptop: 9 methods, 10 splits, 9 numbers of standards
    ray job submit --working-dir . -- python studies/sample_efficiency.py --preset cluster

The data are fetched once, or found below SPEKTRON_DATA.
"""

from functools import partial

from spektron.study import Preset, Study, StudySettings, main
from spektron.study.space import Choice
from spektron.study.transfer_analysis import transfer_analysis
from spektron.study.transferring import transfer_trial
from spektron.transfer.benchmark import TransferConfig

METHODS = (
    *("sg1+mean", "sg1+pds_5_1", "sg1+epo", "sg1+global_pls", "sg1+difference_pls"),
    *("sg1+recalibration", "sg1+residual_ridge", "sg1+difference_ridge", "auto"),
)


def sample_efficiency() -> Study[TransferConfig]:
    """The study, as a value; building it runs nothing."""
    return Study(
        name="sample_efficiency",
        version=2,
        question="What is one more transfer standard worth?",
        prediction="Recalibration needs 30 standards on corn to come within 10 % of the best transfer.",
        settings=StudySettings[TransferConfig](
            config=TransferConfig(num_standards=(3, 5, 7, 10, 15, 20, 30, 40, 50)),
            space={
                "dataset": Choice(values=("corn",)),
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
                    "config.num_standards": [5, 10, 20],
                    "space.method": ["sg1+recalibration", "sg1+difference_ridge"],
                    "space.seed": [0],
                },
            ),
            "laptop": Preset(expect="about half an hour on 2 cores", values={}),
            "cluster": Preset(
                expect="minutes on 100 cores",
                values={"space.dataset": ["corn", "tablets", "tablets_clean"], "train.autoscaling": True},
            ),
        },
        analysis=partial(transfer_analysis, reference={"method": "sg1+difference_ridge"}, anew="sg1+recalibration"),
    )


STUDY = sample_efficiency()

if __name__ == "__main__":
    raise SystemExit(main(STUDY))
