"""Functional groups and their vibrations: what the simulator knows of chemistry.

Ranges, and which modes are strong in infrared or in Raman, follow Socrates, *Infrared and Raman Characteristic
Group Frequencies* (3rd ed., Wiley 2001), Lin-Vien et al., *The Handbook of Infrared and Raman Characteristic
Frequencies of Organic Molecules* (Academic Press 1991) and, for minerals, Farmer, *The Infrared Spectra of Minerals*
(Mineralogical Society 1974). Widths are those of condensed phases at room temperature. Strengths are relative peak
heights within a modality, to about a factor of two: a simulator needs the pattern (polar bonds in infrared, polarisable
ones in Raman), not the number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["ANHARMONICITY", "CLASSES", "GROUPS", "Group", "Mode"]

# Morse anharmonicity x_e of a bond's stretch, from local-mode fits of overtone series: C-H ω_e 3,050 and ω_e·x_e 60
# cm⁻¹, N-H 3,480 and 75, O-H 3,820 and 86 (Henry 1987, Acc. Chem. Res. 20, 429); C=O 1,760 and 11.
ANHARMONICITY = {"CH": 0.0197, "NH": 0.0216, "OH": 0.0225, "CO": 0.0063}


@dataclass(frozen=True, slots=True)
class Mode:
    """One vibration: where it lies (cm⁻¹), how wide it is (FWHM, cm⁻¹), how strong in each modality.

    `bond` names the bond of a stretch that has overtones (`ANHARMONICITY`); `bend` marks what combines with them.
    """

    low_cm1: float
    high_cm1: float
    fwhm_cm1: float
    ir: float
    raman: float
    bond: str = ""
    bend: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Modes that come and go together."""

    name: str
    modes: tuple[Mode, ...]


def _group(name: str, *modes: tuple[Any, ...]) -> Group:
    """Read rows of (low, high, fwhm, ir, raman[, bond or "bend"])."""
    made = []
    for low, high, fwhm, ir, raman, *kind in modes:
        bend = kind == ["bend"]
        made.append(Mode(low, high, fwhm, ir, raman, bond="" if bend or not kind else kind[0], bend=bend))
    return Group(name, tuple(made))


# fmt: off
GROUPS = (
    _group("alkyl", (2950, 2970, 18, .8, .6, "CH"), (2915, 2935, 20, 1., .8, "CH"), (2865, 2880, 16, .4, .7, "CH"),
           (2845, 2860, 16, .6, .9, "CH"), (1445, 1470, 14, .4, .4, "bend"), (1370, 1385, 10, .25, .1, "bend"),
           (1295, 1305, 14, .05, .4), (1060, 1130, 16, .05, .35), (720, 725, 8, .15, .03)),
    _group("vinyl", (3005, 3040, 16, .25, .5, "CH"), (3075, 3095, 14, .2, .2, "CH"), (1640, 1680, 12, .25, 1.),
           (1405, 1420, 12, .1, .2, "bend"), (960, 995, 10, .5, .02), (905, 915, 10, .6, .02)),
    _group("aromatic", (3030, 3080, 18, .25, .7, "CH"), (1590, 1610, 10, .4, .6), (1490, 1510, 10, .5, .1),
           (1440, 1455, 10, .3, .05), (1155, 1180, 8, .1, .25, "bend"), (1020, 1035, 8, .2, .4, "bend"),
           (992, 1004, 6, .03, 1.5), (735, 770, 12, .9, .03), (690, 710, 10, .8, .02), (615, 625, 8, .03, .25)),
    _group("alkyne", (3270, 3330, 25, .6, .15, "CH"), (2100, 2140, 8, .1, .9), (620, 650, 25, .6, .05, "bend")),
    _group("nitrile", (2220, 2260, 8, .3, .9), (360, 390, 12, .05, .25)),
    _group("alcohol", (3250, 3450, 280, 1.2, .08, "OH"), (1330, 1420, 60, .3, .05, "bend"),
           (1030, 1150, 22, 1., .2), (640, 680, 110, .3, .02)),
    _group("carbohydrate", (3280, 3420, 320, 1.3, .08, "OH"), (2890, 2935, 60, .4, .5, "CH"),
           (1450, 1465, 24, .2, .3, "bend"), (1360, 1380, 30, .25, .25, "bend"), (1320, 1340, 24, .2, .25),
           (1145, 1160, 20, .7, .3), (1070, 1085, 30, 1., .35), (1020, 1045, 35, 1.3, .3), (990, 1000, 25, .8, .2),
           (920, 940, 14, .2, .3), (840, 900, 12, .15, .45), (480, 580, 20, .2, .5)),
    _group("water", (3380, 3450, 330, 1.5, .15, "OH"), (3220, 3260, 220, .9, .12, "OH"),
           (1635, 1645, 70, .5, .02, "bend"), (550, 700, 250, .6, .02)),
    _group("carboxylic acid", (2900, 3080, 420, .6, .02, "OH"), (1695, 1725, 22, 1.3, .3, "CO"),
           (1410, 1440, 30, .3, .08, "bend"), (1210, 1320, 30, .7, .1), (900, 950, 45, .35, .02)),
    _group("carboxylate", (1550, 1610, 35, 1.2, .1), (1390, 1420, 25, .7, .5), (900, 930, 14, .1, .4)),
    _group("ester", (1735, 1750, 16, 1.2, .3, "CO"), (1160, 1240, 28, 1.1, .1), (1040, 1110, 20, .5, .1)),
    _group("ketone", (1680, 1720, 14, 1.2, .4, "CO"), (1100, 1230, 20, .4, .1), (580, 600, 14, .15, .2)),
    _group("aldehyde", (2720, 2750, 20, .15, .2, "CH"), (2820, 2850, 20, .15, .2, "CH"),
           (1690, 1730, 14, 1.2, .4, "CO"), (1385, 1400, 12, .15, .1, "bend")),
    _group("amide", (3270, 3310, 110, .7, .08, "NH"), (3060, 3085, 40, .12, .05), (1630, 1670, 38, 1.3, .55, "CO"),
           (1515, 1555, 42, .9, .04, "bend"), (1230, 1300, 40, .25, .35, "bend"), (690, 730, 50, .15, .02)),
    _group("amine", (3350, 3420, 45, .25, .25, "NH"), (3270, 3340, 45, .2, .35, "NH"),
           (1590, 1650, 35, .5, .05, "bend"), (1020, 1250, 22, .35, .15), (750, 850, 60, .5, .04)),
    _group("sulfide", (2550, 2590, 14, .04, .6), (620, 720, 14, .06, .8), (500, 545, 14, .02, 1.)),
    _group("nitro", (1515, 1560, 16, 1.2, .2), (1335, 1370, 14, 1., 1.3), (850, 865, 12, .3, .3)),
    _group("sulfonyl", (1300, 1350, 16, 1., .15), (1120, 1160, 14, 1., .6), (540, 580, 18, .5, .2)),
    _group("chloro", (600, 760, 16, .8, .8), (300, 360, 14, .1, .5)),
    _group("fluoro", (1100, 1250, 30, 1.5, .15), (730, 760, 12, .2, .6)),
    _group("ether", (1085, 1140, 26, 1.1, .12), (830, 880, 16, .1, .35)),
    _group("siloxane", (1075, 1100, 45, 1.3, .06), (1010, 1030, 45, 1.5, .06), (1258, 1262, 8, .8, .05),
           (795, 805, 14, .9, .03), (702, 712, 10, .1, .6), (488, 492, 16, .1, .9)),
    _group("carbonate", (1410, 1450, 70, 1.4, .05), (1085, 1092, 5, .03, 1.4), (870, 880, 10, .6, .02),
           (710, 715, 6, .2, .25), (275, 300, 10, .2, .6), (150, 180, 9, .1, .4)),
    _group("sulfate", (1080, 1130, 50, 1.5, .15), (980, 1010, 8, .08, 1.4), (600, 620, 16, .4, .2),
           (450, 490, 16, .1, .35)),
    _group("phosphate", (1020, 1100, 60, 1.4, .1), (950, 965, 12, .15, 1.3), (560, 605, 25, .5, .2),
           (420, 440, 20, .1, .3)),
    _group("silicate", (1000, 1090, 90, 1.8, .05), (775, 800, 18, .5, .05), (690, 700, 12, .2, .05),
           (455, 470, 22, .8, 1.), (200, 210, 18, .02, .4), (125, 130, 7, .02, .3)),
    _group("hydroxyl", (3620, 3700, 14, .6, .25, "OH"), (910, 930, 16, .5, .05, "bend"), (530, 545, 30, .4, .1)),
    _group("oxide", (610, 680, 40, .6, .4), (480, 600, 60, .9, .3), (380, 420, 20, .4, .7), (285, 300, 14, .2, .8),
           (220, 230, 10, .02, .7)),
)

# Kinds of sample: how often each is drawn, and with which probability each group is in it. Groups are so correlated as
# they are in laboratories: an amide comes with alkyl chains and water, a carbonate with neither.
CLASSES: dict[str, tuple[float, dict[str, float]]] = {
    "small organic": (3., {"alkyl": .8, "aromatic": .45, "alcohol": .25, "carboxylic acid": .15, "ester": .2,
                           "ketone": .2, "aldehyde": .08, "amine": .2, "amide": .15, "nitrile": .08, "nitro": .1,
                           "ether": .15, "chloro": .15, "fluoro": .08, "sulfonyl": .08, "alkyne": .03, "vinyl": .2,
                           "sulfide": .06}),
    "pharmaceutical": (2., {"aromatic": .9, "alkyl": .8, "amide": .5, "amine": .5, "ester": .3, "alcohol": .35,
                            "carboxylic acid": .3, "ether": .3, "chloro": .25, "fluoro": .2, "sulfonyl": .25,
                            "ketone": .2, "nitrile": .1, "sulfide": .15, "carboxylate": .15}),
    "polymer": (1.5, {"alkyl": 1., "aromatic": .35, "ester": .3, "vinyl": .15, "chloro": .12, "fluoro": .08,
                      "amide": .15, "ether": .15, "nitrile": .06, "alcohol": .1}),
    "lipid": (1., {"alkyl": 1., "ester": .95, "vinyl": .65, "alcohol": .1, "phosphate": .15, "carboxylic acid": .1}),
    "carbohydrate": (1., {"carbohydrate": 1., "water": .75, "alkyl": .2, "carboxylate": .15, "ester": .1}),
    "protein": (1., {"amide": 1., "alkyl": .9, "aromatic": .6, "water": .6, "carboxylate": .6, "sulfide": .3}),
    "food": (2., {"water": .95, "carbohydrate": .7, "amide": .7, "alkyl": .9, "ester": .6, "carboxylate": .4,
                  "vinyl": .2, "aromatic": .1}),
    "mineral": (1., {"carbonate": .25, "sulfate": .2, "phosphate": .15, "silicate": .4, "oxide": .25, "hydroxyl": .4,
                     "water": .3}),
    "soil": (1., {"silicate": 1., "hydroxyl": .85, "carbonate": .4, "water": .85, "oxide": .4, "alkyl": .35,
                  "amide": .3, "carboxylate": .3, "carbohydrate": .3}),
    "silicone": (.3, {"siloxane": 1., "alkyl": .8, "aromatic": .2, "silicate": .2}),
}
# fmt: on
