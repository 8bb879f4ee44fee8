"""The trial function of studies of calibration transfer: one method, one set, one split."""

from __future__ import annotations

from collections import defaultdict
from statistics import geometric_mean

from spektron.study.study import TrialContext
from spektron.study.threads import limited_threads
from spektron.transfer.benchmark import TransferConfig, benchmark_errors
from spektron.transfer.methods import NEURAL

__all__ = ["transfer_trial"]


def transfer_trial(context: TrialContext) -> dict[str, float]:
    """Fit and test the method in every task with every number of standards.

    Returns
    -------
    dict
        ``rmsep/<task>/n<standards>`` and ``bias/…`` in the property's unit, ``ceiling/<task>`` (RMSEP of a calibration
        made on the child with all samples), ``untransferred/<task>`` (of the parent's, without transfer),
        ``spread/<task>`` (standard deviation of the test samples' property), ``samples/<task>`` (how many), and
        ``ratio/n<standards>``: the geometric mean of RMSEP over ceiling, over the tasks that count; ``ratio`` over all
        numbers of standards too.
    """
    config: TransferConfig = context.config
    metrics: dict[str, float] = {}
    ratios: dict[int, list[float]] = defaultdict(list)
    with limited_threads(context.placement.threads_per_worker, network=config.method in NEURAL):
        for found in benchmark_errors(config):
            name, number = found.task.name, found.num_standards
            metrics[f"ceiling/{name}"] = found.ceiling
            metrics[f"untransferred/{name}"] = found.untransferred
            metrics[f"samples/{name}"] = float(found.errors.num_samples)
            metrics[f"spread/{name}"] = float(found.task.test_y.std(ddof=1))
            metrics[f"rmsep/{name}/n{number}"] = found.errors.rmsep
            metrics[f"bias/{name}/n{number}"] = found.errors.bias
            if found.task.counts:
                ratios[number].append(found.ratio)
    metrics |= {f"ratio/n{number}": geometric_mean(values) for number, values in ratios.items()}
    return {**metrics, "ratio": geometric_mean([one for values in ratios.values() for one in values])}
