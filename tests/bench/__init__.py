"""How fast rota is: `./tooling/bench` runs these, beside others and on one private server."""
