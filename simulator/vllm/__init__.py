"""A vLLM server without a GPU: OpenAI's API with the timing of the scheduler model behind the benchmarks."""
