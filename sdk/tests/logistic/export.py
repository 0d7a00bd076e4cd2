"""Trains two models with scikit-learn and writes them as a policy reads them, each
with a reference set: what scikit-learn itself says of rows that it has not seen.

export.py FOLDER writes scaled.json, plain.json and their .reference.json.
"""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def export(path, names, model, scaler=None):
    """Writes a LogisticRegression of two classes, and the StandardScaler before it if there is one."""
    (coefficients,), (intercept,) = model.coef_.tolist(), model.intercept_.tolist()
    columns = {"name": names, "coefficient": coefficients}
    if scaler is not None and scaler.with_mean:
        columns["mean"] = scaler.mean_.tolist()
    if scaler is not None and scaler.with_std:
        columns["scale"] = scaler.scale_.tolist()
    features = [dict(zip(columns, row)) for row in zip(*columns.values(), strict=True)]
    with open(path, "w") as file:
        json.dump({"intercept": intercept, "features": features}, file, indent=2, allow_nan=False)


def payments(count, generator):
    """Columns as a policy would make them, far outliers among them."""
    cents = np.round(np.exp(generator.normal(9, 3, count)))
    last_minute = generator.poisson(0.8, count) * generator.choice([1, 1, 1, 40], count)
    hour = generator.integers(0, 24 * 60, count) / 60
    risk_unknown = generator.random(count) < 0.3
    risk = np.where(risk_unknown, 1, generator.integers(1, 6, count))
    return np.column_stack([cents / 100, last_minute, hour, risk, risk_unknown]).astype(float)


NAMES = ["amount", "last_minute", "hour", "risk", "risk_unknown"]


def frauds(rows, generator):
    """Labels that follow the columns, with noise."""
    logit = np.log1p(rows[:, 0]) / 2 + rows[:, 1] / 3 - rows[:, 2] / 8 + rows[:, 3] / 2 + rows[:, 4] - 5
    return generator.random(len(rows)) < 1 / (1 + np.exp(-logit))


def main(folder):
    generator = np.random.default_rng(20260101)
    seen, unseen = payments(5000, generator), payments(150, generator)
    labels = frauds(seen, generator)
    scaled = make_pipeline(StandardScaler(), LogisticRegression()).fit(seen, labels)
    plain = LogisticRegression(max_iter=5000).fit(seen, labels)
    folder.mkdir(parents=True, exist_ok=True)
    export(folder / "scaled.json", NAMES, scaled[-1], scaled[0])
    export(folder / "plain.json", NAMES, plain)
    for name, model in [("scaled", scaled), ("plain", plain)]:
        logits = model.decision_function(unseen).tolist()
        probabilities = model.predict_proba(unseen)[:, 1].tolist()
        rows = [
            {"features": dict(zip(NAMES, features)), "logit": logit, "probability": probability}
            for features, logit, probability in zip(unseen.tolist(), logits, probabilities, strict=True)
        ]
        lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
        (folder / f"{name}.reference.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
