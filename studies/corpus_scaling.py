"""How much corpus do we need.

Question: how does held-out reconstruction error fall with the number of spectra the model was pretrained on, at a fixed
number of optimizer steps, and what is the smallest corpus whose error is within 2 % of the whole corpus's?

Prediction: a power law with a floor, L(D) = E + B·D^(−β); at laptop scale the floor is near and β between 0.2 and 0.6.

What is compared is the mean squared error on fixed masks of the validation split, never the training objective. The
curve is one of fixed steps: a small corpus is seen many times, a large one once.

    python studies/corpus_scaling.py --preset smoke             # under a minute: is everything wired?
    python studies/corpus_scaling.py                            # laptop: 8 sizes × 2 seeds, minutes on 2 cores
    ray job submit --working-dir . -- python studies/corpus_scaling.py --preset cluster --corpus DIR
"""

from spektron.pretrain import PretrainConfig
from spektron.study import Preset, Study, StudySettings, main
from spektron.study.corpus_law import corpus_law_analysis
from spektron.study.presets import CLUSTER, LAPTOP, SMOKE
from spektron.study.pretraining import check_pretrain_config, pretrain_trial
from spektron.study.space import Choice, Sizes


def corpus_scaling() -> Study[PretrainConfig]:
    """The study, as a value; building it runs nothing."""
    return Study(
        name="corpus_scaling",
        version=2,
        question="How much corpus do we need?",
        prediction="Held-out error follows E + B·D^(−β), β between 0.2 and 0.6; less than the whole corpus suffices.",
        settings=StudySettings[PretrainConfig](
            config=PretrainConfig(),
            space={"num_spectra": Sizes(smallest=4, count=8), "seed": Choice(values=(0, 1))},
        ),
        trial=pretrain_trial,
        check=check_pretrain_config,
        metric="val_mse",
        direction="minimize",
        presets={
            "smoke": Preset(
                expect="under a minute on 2 cores",
                values={**SMOKE, "space.num_spectra.count": 4, "space.seed": [0]},
            ),
            "laptop": Preset(expect="about 5 minutes on 2 cores", values=LAPTOP),
            "cluster": Preset(
                expect="hours on 8 GPUs for 400K spectra",
                values={**CLUSTER, "space.num_spectra.smallest": 1_000},
            ),
        },
        analysis=corpus_law_analysis,
    )


STUDY = corpus_scaling()

if __name__ == "__main__":
    raise SystemExit(main(STUDY))
