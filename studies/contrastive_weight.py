"""What is agreement between instruments worth.

Question: does adding β × BYOL (two views of each spectrum, as two instruments would measure it) to the reconstruction
lower the held-out reconstruction error, and at which β?

Prediction: a small β (0.01 to 0.1) changes the error by less than 5 %; β = 1 raises it, because [CLS] and tokens share
their layers. What β is for, an embedding that is the same on both instruments, shows in calibration transfer.

Every arm trains on the same two views of the same spectra under the same masks; only β differs. What is compared is the
held-out error on unaltered spectra, never the training objective.

    python studies/contrastive_weight.py --preset smoke         # under a minute: is everything wired?
    python studies/contrastive_weight.py --corpus DIR           # laptop: 5 weights × 5 seeds
    ray job submit --working-dir . -- python studies/contrastive_weight.py --preset cluster --corpus DIR
"""

from functools import partial

from spektron.pretrain import PretrainConfig
from spektron.pretrain.views import ViewConfig
from spektron.study import Preset, Study, StudySettings, main
from spektron.study.ablation import ablation_analysis
from spektron.study.presets import CLUSTER, LAPTOP, SMOKE
from spektron.study.pretraining import check_pretrain_config, pretrain_trial
from spektron.study.space import Choice


def contrastive_weight() -> Study[PretrainConfig]:
    """The study, as a value; building it runs nothing."""
    return Study(
        name="contrastive_weight",
        version=1,
        question="What is agreement between instruments' views worth to reconstruction?",
        prediction="β up to 0.1 changes the held-out error by less than 5 %; β = 1 raises it.",
        settings=StudySettings[PretrainConfig](
            config=PretrainConfig(views=ViewConfig()),
            space={"byol_weight": Choice(values=(0, 0.01, 0.1, 0.5, 1)), "seed": Choice(values=(0, 1, 2, 3, 4))},
        ),
        trial=pretrain_trial,
        check=check_pretrain_config,
        metric="val_mse",
        direction="minimize",
        presets={
            "smoke": Preset(
                expect="under a minute on 2 cores",
                values={**SMOKE, "space.byol_weight": [0, 0.1], "space.seed": [0, 1]},
            ),
            "laptop": Preset(expect="about 10 minutes on 2 cores", values={**LAPTOP, "config.steps": 1000}),
            "cluster": Preset(expect="hours on 8 GPUs for 400K spectra", values=CLUSTER),
        },
        analysis=partial(ablation_analysis, reference={"byol_weight": 0}),
    )


STUDY = contrastive_weight()

if __name__ == "__main__":
    raise SystemExit(main(STUDY))
