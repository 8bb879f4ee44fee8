"""Whether a neural part beside a classical calibration adds anything.

Question: does an encoder's view of a spectrum add to the strongest classical calibration on corn, as a correction of
its residuals, as versions of the spectrum side by side, or as a prediction of its own, and does the hybrid fall back to
the classical answer where it does not?

Prediction: no hybrid is more than 2 % worse than its base at any number of standards; with 10 standards none reaches
the 5 % that would count.

    python studies/hybrid_transfer.py --preset smoke      # a few minutes: base and two hybrids, one split of corn
    python studies/hybrid_transfer.py                     # laptop: all methods, 3 splits, 10 standards
    python studies/hybrid_transfer.py --set config.model=FOLDER      # with a pretrained model: spektron model export
    ray job submit --working-dir . -- python studies/hybrid_transfer.py --preset cluster --set config.model=FOLDER

Without a model all encoders are drawn at random, and the study says what fine-tuning does without pretraining. The data
are fetched once, or found below SPEKTRON_DATA.
"""

from functools import partial

from spektron.study import Preset, Study, StudySettings, main
from spektron.study.space import Choice
from spektron.study.transfer_analysis import transfer_analysis
from spektron.study.transferring import transfer_trial
from spektron.transfer.benchmark import NeuralTransferConfig

METHODS = (
    *("sg1+difference_ridge", "sg1+pds_5_1", "sg1+hybrid_kernel"),
    *("hybrid_residual", "hybrid_pds", "hybrid_stacked", "hybrid_direct", "hybrid_direct_random"),
    *("hybrid_lora", "hybrid_lora_residual", "embedding_ridge", "embedding_ridge_random"),
)


def hybrid_transfer() -> Study[NeuralTransferConfig]:
    """The study, as a value; building it runs nothing."""
    return Study(
        name="hybrid_transfer",
        version=2,
        question="Does a neural part beside a classical calibration add anything?",
        prediction="No hybrid is 2 % worse than its base; with 10 standards none is 5 % better.",
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
                expect="two or three minutes on 2 cores",
                values={
                    "config.num_standards": [10],
                    "space.method": ["sg1+difference_ridge", "hybrid_residual", "hybrid_direct"],
                    "space.seed": [0],
                },
            ),
            "laptop": Preset(
                expect="about an hour and a half on 2 cores",
                values={"config.num_standards": [10], "space.seed": [0, 1, 2]},
            ),
            "cluster": Preset(
                expect="an hour on 100 cores",
                values={"space.dataset": ["corn", "tablets", "tablets_clean"], "train.autoscaling": True},
            ),
        },
        analysis=partial(transfer_analysis, reference={"method": "sg1+difference_ridge"}),
    )


STUDY = hybrid_transfer()

if __name__ == "__main__":
    raise SystemExit(main(STUDY))
