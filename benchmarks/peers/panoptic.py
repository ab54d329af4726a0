"""Records instances and panoptic maps of query outputs, by plain loops in double precision on PyTorch, and the panoptic quality of drawn
maps by cocodataset/panopticapi: python3 panoptic.py FOLDER [FOLDER OF PANOPTICAPI]."""
import json
import pathlib
import sys

import numpy as np
import torch
from PIL import Image

import safetensors

QUERIES, CLASSES, THINGS = 14, 5, [0, 2, 3]
MASK, PADDED, IMAGE = (10, 14), (40, 56), (37, 50)
MOST, SCORE, OVERLAP = 20, 0.8, 0.8


def outputs(seed):
    """Class logits of sure, unsure and empty queries, and soft blobs as mask logits."""
    draw = np.random.default_rng(seed)
    classes = draw.normal(0, 1, (QUERIES, CLASSES + 1))
    for q in range(QUERIES):
        classes[q, draw.integers(0, CLASSES + 1)] += 6 if q % 4 else 2.5
    y, x = np.mgrid[0:MASK[0], 0:MASK[1]]
    masks = []
    for q in range(QUERIES):
        cy, cx, size = draw.uniform(0, MASK[0]), draw.uniform(0, MASK[1]), draw.uniform(1.5, 5)
        masks.append(6 - 8 * np.hypot(y - cy, x - cx) / size + draw.normal(0, 0.5, MASK))
    return classes.astype(np.float32), np.array(masks, np.float32)


def enlarged(masks):
    """Logits at the padded size, without the padding right and below."""
    large = torch.nn.functional.interpolate(torch.tensor(masks).double()[None], PADDED, mode="bilinear", align_corners=False)[0]
    return large[:, :IMAGE[0], :IMAGE[1]].numpy()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x.astype(np.float64) - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def instances(classes, large, only_things):
    shares = softmax(classes)
    ranked = sorted(((shares[q, k], q, k) for q in range(QUERIES) for k in range(CLASSES)), reverse=True)[:MOST]
    found = []
    for share, q, k in ranked:
        if only_things and k not in THINGS:
            continue
        inside = large[q] > 0
        mean = sigmoid(large[q])[inside].sum() / (inside.sum() + 1e-6)
        ys, xs = np.nonzero(inside)
        box = [int(xs.min()), int(ys.min()), int(np.ptp(xs)) + 1, int(np.ptp(ys)) + 1] if len(xs) else [0, 0, 0, 0]
        # A sum over places tells masks of one area apart.
        found.append({"query": q, "class": k, "score": share * mean, "area": int(inside.sum()), "box": box,
                      "places": int(np.flatnonzero(inside).sum())})
    return sorted(found, key=lambda f: -f["score"])


def panoptic(classes, large):
    shares = softmax(classes)
    kept = [q for q in range(QUERIES) if shares[q].argmax() < CLASSES and shares[q].max() > SCORE]
    ids, segments, stuff, merged = np.zeros(IMAGE, np.int32), [], {}, 0
    if not kept:
        return ids, segments, 0, 0
    weighted = np.array([shares[q].max() * sigmoid(large[q]) for q in kept])
    ranked = np.sort(weighted, 0)
    # In single precision no decision may fall another way.
    assert len(kept) < 2 or (ranked[-1] - ranked[-2]).min() > 1e-6
    winner = weighted.argmax(0)
    for k, q in enumerate(kept):
        own, inside = winner == k, sigmoid(large[q]) >= 0.5
        final = own & inside
        if not own.any() or not inside.any() or not final.any() or own.sum() / inside.sum() < OVERLAP:
            continue
        label = int(shares[q].argmax())
        if label not in THINGS and label in stuff:
            ids[final] = stuff[label]
            merged += 1
            continue
        segments.append({"id": len(segments) + 1, "class": label, "thing": label in THINGS, "query": q})
        if label not in THINGS:
            stuff[label] = len(segments)
        ids[final] = len(segments)
    return ids, segments, merged, len(kept) - len(segments) - merged


def record_queries(folder):
    tensors, answers = {}, []
    seed = 0
    while len(answers) < 3:
        seed += 1
        classes, masks = outputs(seed)
        large = enlarged(masks)
        try:
            ids, segments, merged, dropped = panoptic(classes, large)
        except AssertionError:
            continue
        if np.abs(large).min() < 1e-5 or len(segments) < 4:
            continue
        # The first two cases merge stuff and drop queries whose pixels others took.
        if len(answers) < 2 and (merged == 0 or dropped < 2):
            continue
        name = f"case{len(answers)}"
        tensors |= {f"{name}.classes": classes, f"{name}.masks": masks, f"{name}.panoptic": ids}
        answers.append({"name": name, "seed": seed, "merged": merged, "dropped": dropped, "segments": segments,
                        "instances": instances(classes, large, False), "things": instances(classes, large, True)})
    safetensors.save(folder / "queries.safetensors", tensors)
    (folder / "queries.json").write_text(json.dumps({
        "padded": PADDED, "image": IMAGE, "things": THINGS, "most": MOST, "score": SCORE, "overlap": OVERLAP, "cases": answers}, indent=1))


def colours(ids):
    return np.stack([ids % 256, ids // 256 % 256, ids // 65536], -1).astype(np.uint8)


def record_quality(folder, panopticapi):
    """Four drawn images with void, a crowd, missed and invented segments, of which some hardly overlap."""
    sys.path.insert(0, str(panopticapi))
    from panopticapi.evaluation import pq_compute
    draw = np.random.default_rng(7)
    categories = [{"id": k, "name": f"class {k}", "isthing": int(k < 4), "supercategory": ""} for k in (1, 2, 3, 7, 9)]
    truth, guess = {"images": [], "annotations": [], "categories": categories}, {"annotations": []}
    y, x = np.mgrid[0:40, 0:48]
    for image in range(4):
        name = f"image{image}"
        true, own = np.zeros((40, 48), np.int64), np.zeros((40, 48), np.int64)
        true_segments, own_segments, stuff = {}, {}, {}
        for n in range(9):
            number = int(draw.integers(1, 2 ** 24 - 1))
            category = int(draw.choice([1, 2, 3, 7, 9]))
            cy, cx, ry, rx = draw.uniform(0, 40), draw.uniform(0, 48), draw.uniform(4, 12), draw.uniform(4, 14)
            inside = ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < 1
            shift = draw.integers(-4, 5, 2)
            moved = np.roll(inside, shift, (0, 1))
            if category > 3 and category in stuff:
                number = stuff[category]
            elif category > 3:
                stuff[category] = number
            if n != 4:
                true[inside] = number
                true_segments[number] = {"id": number, "category_id": category, "iscrowd": int(n == 6 and category < 4)}
            if n != 5:
                own[moved] = number // 2 + 1
                wrong = int(draw.choice([1, 2, 3])) if n == 7 else category
                own_segments[number // 2 + 1] = {"id": number // 2 + 1, "category_id": wrong}
        for file, ids, segments, part in ((truth, true, true_segments, "truth"), (guess, own, own_segments, "found")):
            (folder / part).mkdir(exist_ok=True, parents=True)
            Image.fromarray(colours(ids)).save(folder / part / f"{name}.png")
            listed = [s | {"area": int((ids == s["id"]).sum())} for s in segments.values() if (ids == s["id"]).any()]
            file["annotations"].append({"image_id": image, "file_name": f"{name}.png", "segments_info": listed})
        truth["images"].append({"id": image, "file_name": f"{name}.jpg", "width": 48, "height": 40})
    (folder / "truth.json").write_text(json.dumps(truth))
    (folder / "found.json").write_text(json.dumps(guess))
    result = pq_compute(str(folder / "truth.json"), str(folder / "found.json"))
    (folder / "quality.json").write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    record_queries(target)
    if len(sys.argv) > 2:
        record_quality(target, sys.argv[2])
