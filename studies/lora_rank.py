"""What of a pretrained encoder to train on a few dozen spectra.

Question: with 5 to 30 standards on corn, which rank of low-rank adapters is best, does a rank that falls from 16 to 4
or is shared out by AdaLoRA do better, and how do they compare with all weights, with none (a linear probe), and with
the same on an encoder that was never trained?

Prediction: ranks 4 to 16 are within 5 % of each other and of the probe, pretrained encoders 5 % or more below random
ones, training all weights worst; none reaches the difference-augmented ridge.

    python studies/lora_rank.py --preset smoke      # a few minutes: reference, probe and rank 4, one split of corn
    python studies/lora_rank.py                     # laptop: 14 methods, 3 splits, 10 standards
    python studies/lora_rank.py --set config.model=FOLDER      # with a pretrained model: spektron model export
    ray job submit --working-dir . -- python studies/lora_rank.py --preset cluster --set config.model=FOLDER

Without a model all encoders are drawn at random, and the study says what fine-tuning does without pretraining. The data
are fetched once, or found below SPEKTRON_DATA.
"""

from functools import partial
from itertools import permutations

from spektron.study import Preset, Study, StudySettings, main
from spektron.study.space import Choice
from spektron.study.transfer_analysis import transfer_analysis
from spektron.study.transfer_claims import Claim
from spektron.study.transferring import transfer_trial
from spektron.transfer.benchmark import NeuralTransferConfig

METHODS = (
    *("sg1+difference_ridge", "probe", "lora_4", "lora_8", "lora_16", "lora_16_to_4", "adalora_16_to_4"),
    *("lora_8_slow_below", "lora_8_ensemble", "full", "probe_random", "lora_8_random", "scratch", "cnn"),
)
RANKS = ("lora_4", "lora_8", "lora_16")
TWINS = (("probe", "probe_random"), ("lora_8", "lora_8_random"))
HELD_OUT = list(range(1, 10))
"""Splits; 0 is left out, for the rates of learning were chosen on it."""
PREDICTED = (
    Claim(says="ranks are within 5 % of each other", pairs=tuple(permutations(RANKS, 2)), most=1.05),
    Claim(says="ranks are within 5 % of the probe", pairs=[(rank, "probe") for rank in RANKS], least=0.95, most=1.05),
    Claim(says="pretrained encoders are 5 % or more below untrained ones", pairs=TWINS, most=0.95),
    Claim(says="all weights are worse than the ranks", pairs=[("full", rank) for rank in RANKS], least=1.0),
    Claim(says="none reaches the classical reference", pairs=[(one, METHODS[0]) for one in METHODS[1:]], least=1.0),
)


def lora_rank() -> Study[NeuralTransferConfig]:
    """The study, as a value; building it runs nothing."""
    return Study(
        name="lora_rank",
        version=2,
        question="What of a pretrained encoder to train on a few dozen spectra?",
        prediction="Ranks 4 to 16 are alike, and like the probe; none reaches the classical reference.",
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
                expect="three to five minutes on 2 cores",
                values={
                    "config.num_standards": [10],
                    "space.method": ["sg1+difference_ridge", "probe", "lora_4"],
                    "space.seed": [0],
                },
            ),
            "laptop": Preset(
                expect="about 20 minutes on 2 cores",
                values={"config.num_standards": [10], "space.seed": HELD_OUT[:3]},
            ),
            "cluster": Preset(
                expect="an hour on 100 cores",
                values={
                    "space.dataset": ["corn", "tablets", "tablets_clean"],
                    "space.seed": HELD_OUT,
                    "train.autoscaling": True,
                },
            ),
        },
        analysis=partial(
            transfer_analysis,
            reference={"method": METHODS[0]},
            pairs=(*((name, "probe") for name in METHODS[2:10]), *TWINS),
            claims=PREDICTED,
        ),
    )


STUDY = lora_rank()

if __name__ == "__main__":
    raise SystemExit(main(STUDY))
