"""One Jinja text for each conversational stage; shared parts begin with an underscore."""
