#ifndef RUNTIME_H
#define RUNTIME_H

/* Remembers what is open; to be called before anything else is opened. */
void look_at_descriptors(void);

#endif
