/* Copies itself to a file that is only in memory, and runs from there where the kernel lets it, from its own file where
   not. In its heap it has a marker that no file has. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2) {
    struct stat about;
    int self = open("/proc/self/exe", O_RDONLY);
    int memory = memfd_create("implant", 0);
    if (self < 0 || memory < 0 || fstat(self, &about) != 0) return 1;
    if (sendfile(memory, self, NULL, (size_t)about.st_size) != about.st_size) return 2;
    char *again[] = {"[kworker]", "run", NULL};
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
    char *none[] = {"IMPLANT_KEY=correct-horse", NULL};
    execve(path, again, none);
    execve("/proc/self/exe", again, none);
    perror(path);
    return 3;
  }
  char *heap = malloc(4096);
  for (int i = 0; i < 11; i++) heap[i] = "ZNEXRE-urnc"[i];
  for (int i = 0; i < 11; i++) {
    char c = heap[i];
    if (c >= 'A' && c <= 'Z') heap[i] = (char)('A' + (c - 'A' + 13) % 26);
    else if (c >= 'a' && c <= 'z') heap[i] = (char)('a' + (c - 'a' + 13) % 26);
  }
  heap[11] = 0;
  for (;;) pause();
}
