"""Where records come from: services over the network, export files, and a stand-in for rehearsals."""
