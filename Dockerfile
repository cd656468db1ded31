# The order service, and with another command the reference upstreams, whose start migrates their
# storage:
#
#   docker run -p 8004:8004 IMAGE
#   docker run -p 8006:8006 -v data:/data -e DATABASE_URL=sqlite:////data/inventory.db IMAGE
#     python -m services inventory --host 0.0.0.0

# The Python that the tests run on. The digest names the image of every platform at once.
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm@sha256:528257d48c1da0dcecc2e725d1ae34498d60c965f1241e39cd6a85a8859bdf84

# ── the packages, fetched on the machine that builds, for the platform that will run them ─────────
FROM --platform=$BUILDPLATFORM ${PYTHON_IMAGE} AS packages
ARG TARGETARCH
COPY requirements.txt /
# Wheels only: nothing is compiled, so no compiler is needed, and no emulation of the other platform.
# The names of platforms are those of pip, oldest C library first.
RUN case "${TARGETARCH:-$(dpkg --print-architecture)}" in \
        amd64) machine=x86_64 ;; \
        arm64) machine=aarch64 ;; \
        *) echo "there are no wheels for ${TARGETARCH}: build for amd64 or arm64" >&2; exit 1 ;; \
    esac \
    && python -m pip install --quiet --no-cache-dir --disable-pip-version-check --no-compile \
        --require-hashes --only-binary=:all: --target=/packages \
        --platform="manylinux_2_17_${machine}" --platform="manylinux2014_${machine}" \
        --platform="manylinux_2_28_${machine}" \
        --requirement=/requirements.txt
COPY app.py /order-service/
COPY orchestrator /order-service/orchestrator
COPY clients /order-service/clients
COPY services /order-service/services
# Bytecode is the same on every platform, and a read-only root could not keep it later. A hash in it
# instead of a time makes the same sources the same layer.
RUN python -m compileall -q --invalidation-mode unchecked-hash /packages /order-service \
    # Whatever the umask of who builds: the user below must be able to read it.
    && chmod -R a+rX /packages /order-service

# ── what runs: nothing is executed here, only copied ──────────────────────────────────────────────
FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="order-service" \
      org.opencontainers.image.description="Places an order across inventory, payment and shipping, and takes it back when it must" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/packages/bin:$PATH \
    PYTHONPATH=/packages \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
COPY --from=packages /packages /packages
COPY --from=packages /order-service /order-service
WORKDIR /order-service
# A number: Kubernetes cannot tell whether a name is root. It owns nothing in here.
USER 10001:10001
EXPOSE 8004
# In brackets, so that the server itself gets SIGTERM; a shell in between would swallow it.
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8004"]
