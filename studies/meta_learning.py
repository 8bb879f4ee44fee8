"""Whether instruments that nobody has teach about one with few standards, or none.

Question: on corn, how near does a calibration come that has no paired sample, only simulated instruments and spectra of
the child, and do rules of adaptation that were learned on simulated instruments beat those of a ridge regression?

Prediction: without a pair the error is at most 1.3 times that of the best method with ten; learned rules are worse than
difference-augmented ridge, and better than residual ridge with 5 standards.

    python studies/meta_learning.py --preset smoke      # a minute or two: three methods, one split of corn
    python studies/meta_learning.py                     # laptop: 8 methods, 3 splits
    python studies/meta_learning.py --set config.model=FOLDER      # with a pretrained model: spektron model export
    ray job submit --working-dir . -- python studies/meta_learning.py --preset cluster --set config.model=FOLDER

Without a model "meta_embedding" has a random encoder. The laptop preset leaves split 0 out, on which the methods were
made. The data are fetched once, or found below SPEKTRON_DATA.
"""

from functools import partial

from spektron.study import Preset, Study, StudySettings, main
from spektron.study.space import Choice
from spektron.study.transfer_analysis import transfer_analysis
from spektron.study.transferring import transfer_trial
from spektron.transfer.benchmark import NeuralTransferConfig

METHODS = (
    *("sg1+difference_ridge", "sg1+residual_ridge", "sg1+mean", "sg1+none", "coral"),
    *("zero_shot", "meta", "meta_embedding"),
)


def meta_learning() -> Study[NeuralTransferConfig]:
    """The study, as a value; building it runs nothing."""
    return Study(
        name="meta_learning",
        version=2,
        question="What do simulated instruments teach about one with few standards, or none?",
        prediction="Without a pair at most 1.3 times the error of ten; learned rules between the two ridges.",
        settings=StudySettings[NeuralTransferConfig](
            config=NeuralTransferConfig(num_standards=(5, 10, 30)),
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
                expect="a minute or two on 2 cores",
                values={
                    "config.num_standards": [10],
                    "space.method": ["sg1+difference_ridge", "zero_shot", "meta"],
                    "space.seed": [0],
                },
            ),
            "laptop": Preset(expect="about 20 minutes on 2 cores", values={"space.seed": [1, 2, 3]}),
            "cluster": Preset(
                expect="minutes on 100 cores",
                values={"space.dataset": ["corn", "tablets", "tablets_clean"], "train.autoscaling": True},
            ),
        },
        analysis=partial(transfer_analysis, reference={"method": "sg1+difference_ridge"}),
    )


STUDY = meta_learning()

if __name__ == "__main__":
    raise SystemExit(main(STUDY))
