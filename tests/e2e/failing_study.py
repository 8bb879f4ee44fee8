"""A study whose every trial fails, to see that a job of it does."""

import dataclasses

from spektron.study import main
from studies.corpus_scaling import corpus_scaling


def trial(context):
    raise RuntimeError("this trial always fails")


if __name__ == "__main__":
    raise SystemExit(main(dataclasses.replace(corpus_scaling(), name="failing", trial=trial)))
