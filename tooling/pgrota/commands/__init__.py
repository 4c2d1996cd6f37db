"""One module for each command of `rota`, imported when it is called."""
