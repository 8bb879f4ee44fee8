"""Does a model that learns its preprocessing reconstruct better than one that is given the spectrum alone.

Question: which of a learned baseline and learned Savitzky–Golay derivatives, beside the spectrum, lowers the held-out
error at an equal number of steps?

Prediction: derivatives lower the error by 5 to 15 %, because a window's slope is what its neighbours must join; the
baseline changes it by less than 5 %, because what is reconstructed is the measured curve, baseline included.

    python studies/preprocessing.py --preset smoke              # under a minute: is everything wired?
    python studies/preprocessing.py --corpus DIR                # laptop: 4 ways × 5 seeds
    ray job submit --working-dir . -- python studies/preprocessing.py --preset cluster --corpus DIR
"""

from functools import partial

from spektron.pretrain import PretrainConfig
from spektron.study import Preset, Study, StudySettings, main
from spektron.study.ablation import ablation_analysis
from spektron.study.presets import CLUSTER, LAPTOP, SMOKE
from spektron.study.pretraining import check_pretrain_config, pretrain_trial
from spektron.study.space import Choice


def preprocessing() -> Study[PretrainConfig]:
    """The study, as a value; building it runs nothing."""
    return Study(
        name="preprocessing",
        version=1,
        question="Does a model that learns its preprocessing reconstruct better?",
        prediction="Derivatives lower the held-out error by 5 to 15 %; a learned baseline changes it by less than 5 %.",
        settings=StudySettings[PretrainConfig](
            config=PretrainConfig(),
            space={
                "encoder.preprocessing.baseline": Choice(values=(False, True)),
                "encoder.preprocessing.derivatives": Choice(values=((), (1, 2))),
                "seed": Choice(values=(0, 1, 2, 3, 4)),
            },
        ),
        trial=pretrain_trial,
        check=check_pretrain_config,
        metric="val_mse",
        direction="minimize",
        presets={
            "smoke": Preset(expect="under a minute on 2 cores", values={**SMOKE, "space.seed": [0, 1]}),
            "laptop": Preset(expect="about 5 minutes on 2 cores", values={**LAPTOP, "config.steps": 1000}),
            "cluster": Preset(expect="hours on 8 GPUs for 400K spectra", values=CLUSTER),
        },
        analysis=partial(
            ablation_analysis,
            reference={"encoder.preprocessing.baseline": False, "encoder.preprocessing.derivatives": ()},
        ),
    )


STUDY = preprocessing()

if __name__ == "__main__":
    raise SystemExit(main(STUDY))
