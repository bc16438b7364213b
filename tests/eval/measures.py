"""What a ranking is worth: pure functions, each from one query's ranking or from all queries' scores.

nDCG@10 has linear gain, as trec_eval computes it; means are over the queries that have a relevant document.
"""

import math

CUT = 10  # of nDCG and MRR
DEPTH = 100  # of recall


def ranked_documents(results):
    """Documents by their best passage; results come best first."""
    return list(dict.fromkeys(result["document_id"] for result in results))


def ndcg(ranking, gains):
    """`gains` holds the relevant documents, each with a gain above 0."""
    best = sorted(gains.values(), reverse=True)[:CUT]
    return _discounted(gains.get(document, 0) for document in ranking[:CUT]) / _discounted(best)


def _discounted(gains):
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


def recall(ranking, gains):
    return sum(document in gains for document in ranking[:DEPTH]) / len(gains)


def reciprocal_rank(ranking, gains):
    return next((1 / rank for rank, document in enumerate(ranking[:CUT], 1) if document in gains), 0.0)


def mean(values):
    return sum(values) / len(values)


def percentile(values, share):
    """The smallest value that at least `share` of them do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def contains(answer, golden):
    """Whether one of the golden texts stands in the answer word for word, white space aside."""
    answer = " ".join(answer.split())
    return any(" ".join(text.split()) in answer for text in golden)
