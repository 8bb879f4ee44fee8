"""What should mix the tokens, and does any of it need training.

Question: how do attention, a dilated convolution and a state space (Mamba2, up the axis and down) compare in held-out
error, at equal width, depth, patches and parameters (within 2 %), and what does each reach with an encoder that stays
at its random initial weights, where only the reconstruction head is trained?

Prediction: every trained backbone has less than half its random twin's error; attention is best at laptop scale by less
than 10 %, because hidden spans are wider than what a convolution's few blocks see.

    python studies/backbones.py --preset smoke                  # about a minute: is everything wired?
    python studies/backbones.py --corpus DIR                    # laptop: 3 backbones, trained or not, × 5 seeds
    ray job submit --working-dir . -- python studies/backbones.py --preset cluster --corpus DIR
"""

from functools import partial

from spektron.pretrain import PretrainConfig
from spektron.study import Preset, Study, StudySettings, main
from spektron.study.ablation import ablation_analysis
from spektron.study.presets import CLUSTER, LAPTOP, SMOKE
from spektron.study.pretraining import check_pretrain_config, pretrain_trial
from spektron.study.space import Choice


def backbones() -> Study[PretrainConfig]:
    """The study, as a value; building it runs nothing."""
    return Study(
        name="backbones",
        version=1,
        question="What should mix the tokens, and does any of it need training?",
        prediction="A trained backbone has less than half its random twin's error; attention leads by less than 10 %.",
        settings=StudySettings[PretrainConfig](
            config=PretrainConfig(),
            space={
                "encoder.backbone": Choice(values=("transformer", "cnn", "mamba2")),
                "train_encoder": Choice(values=(True, False)),
                "seed": Choice(values=(0, 1, 2, 3, 4)),
            },
        ),
        trial=pretrain_trial,
        check=check_pretrain_config,
        metric="val_mse",
        direction="minimize",
        presets={
            "smoke": Preset(expect="about a minute on 2 cores", values={**SMOKE, "space.seed": [0]}),
            "laptop": Preset(expect="about 10 minutes on 2 cores", values={**LAPTOP, "config.steps": 1000}),
            "cluster": Preset(expect="hours on 8 GPUs for 400K spectra", values=CLUSTER),
        },
        analysis=partial(ablation_analysis, reference={"encoder.backbone": "transformer", "train_encoder": True}),
    )


STUDY = backbones()

if __name__ == "__main__":
    raise SystemExit(main(STUDY))
