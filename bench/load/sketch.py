"""The FastAPI sketch of challenge.md completed into an app that runs: what a straightforward service would be.

Its endpoints, metrics, limiter and CORS are the challenge's own code; only what it leaves open is filled in: the answer
comes from a dict that stands for the cache, and on a miss from a file. SKETCH_ANSWER names that file (JSON);
SKETCH_LIMITER=off leaves the limiter out, because its list of the last minute's requests grows with the load.
"""

import json
import os
import pathlib
import time
from collections import defaultdict

from fastapi import FastAPI, Request, Response, status
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from prometheus_client import Counter, Histogram, generate_latest
from pydantic import BaseModel

ANSWER = json.loads(pathlib.Path(os.environ["SKETCH_ANSWER"]).read_text())

app = FastAPI()
cache: dict[str, dict] = {}

query_counter = Counter("rag_queries_total", "Total number of RAG queries", ["status"])
query_latency = Histogram(
    "rag_query_duration_seconds", "RAG query latency in seconds", buckets=[0.1, 0.5, 1.0, 2.0, 5.0]
)
cache_hit_counter = Counter("rag_cache_hits_total", "Total number of cache hits")


class QueryRequest(BaseModel):
    question: str


class RateLimiter:
    def __init__(self, requests_per_minute: int = 60):
        self.requests_per_minute = requests_per_minute
        self.requests = defaultdict(list)

    def is_allowed(self, client_id: str) -> bool:
        now = time.time()
        self.requests[client_id] = [req_time for req_time in self.requests[client_id] if now - req_time < 60]
        if len(self.requests[client_id]) >= self.requests_per_minute:
            return False
        self.requests[client_id].append(now)
        return True


async def check_cache() -> bool:
    return True


async def check_vector_db() -> bool:
    return True


async def check_llm() -> bool:
    return True


async def process_query(request: QueryRequest) -> dict:
    if request.question in cache:
        return {**cache[request.question], "cached": True}
    cache[request.question] = ANSWER
    return {**ANSWER, "cached": False}


@app.get("/health", status_code=status.HTTP_200_OK)
async def health_check():
    return {"status": "healthy", "version": "1.0.0"}


@app.get("/health/ready", status_code=status.HTTP_200_OK)
async def readiness_check(response: Response):
    checks = {"cache": await check_cache(), "vector_db": await check_vector_db(), "llm": await check_llm()}
    all_ready = all(checks.values())
    response.status_code = 200 if all_ready else 503
    return {"status": "ready" if all_ready else "not_ready", "checks": checks}


@app.get("/metrics")
async def metrics():
    return Response(content=generate_latest(), media_type="text/plain")


@app.post("/query")
async def query_endpoint(request: QueryRequest):
    with query_latency.time():
        try:
            result = await process_query(request)
            query_counter.labels(status="success").inc()
            if result["cached"]:
                cache_hit_counter.inc()
            return result
        except Exception:
            query_counter.labels(status="error").inc()
            raise


if os.environ.get("SKETCH_LIMITER") != "off":
    rate_limiter = RateLimiter(requests_per_minute=1_000_000_000)

    @app.middleware("http")
    async def rate_limit_middleware(request: Request, call_next):
        client_ip = request.client.host
        if not rate_limiter.is_allowed(client_ip):
            return JSONResponse(status_code=429, content={"error": "Rate limit exceeded", "retry_after": 60})
        return await call_next(request)


app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
    allow_credentials=True,
    allow_methods=["GET", "POST"],
    allow_headers=["*"],
)
