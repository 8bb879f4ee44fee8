"""What instruments that nobody has teach about one with few standards, or none."""

from spektron.transfer.meta.meta_learned import MetaLearned
from spektron.transfer.meta.simulated import BETWEEN_BENCHES, simulated_children
from spektron.transfer.meta.zero_shot import ZeroShot

__all__ = ["BETWEEN_BENCHES", "MetaLearned", "ZeroShot", "simulated_children"]
