from compass_llm import main

main()
