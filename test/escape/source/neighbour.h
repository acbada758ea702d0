#ifndef NEIGHBOUR_H
#define NEIGHBOUR_H

/* Says `ready`, then lives until it is ended. */
int be_neighbour(const char *volume, int key);

#endif
