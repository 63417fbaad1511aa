# The vLLM simulator as an image, for clusters without GPUs: docker build -f deploy/simulator.Dockerfile -t compass-simulator:dev .
FROM python:3.11-slim
WORKDIR /compass
COPY locks/run.txt .
RUN pip install --no-cache-dir --require-hashes -r run.txt
COPY . .
RUN pip install --no-cache-dir --no-deps . && rm -rf /compass
WORKDIR /tmp
USER 1000
ENTRYPOINT ["compass"]
