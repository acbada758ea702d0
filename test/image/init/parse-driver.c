/* Calls the functions of parse.c with records of standard input: a letter, the size as four bytes, the bytes. Each input has
   a heap block of its own, so that the address sanitizer sees what is read beyond it. Prints a line for each record. */
#include "init.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *copied(const uint8_t *bytes, size_t size) {
  uint8_t *copy = malloc(size == 0 ? 1 : size);
  if (copy == NULL) abort();
  memcpy(copy, bytes, size);
  return copy;
}

/* name, NUL, separators, NUL, text, NUL */
static void value_of(const char *name) {
  const char *separators = name + strlen(name) + 1, *text = separators + strlen(separators) + 1;
  char *copy = (char *)copied((const uint8_t *)text, strlen(text) + 1), *value = malloc(16);
  if (value == NULL) abort();
  printf(find_value(copy, separators, name, value, 16) ? "%s\n" : "-\n", value);
  free(copy);
  free(value);
}

static void header_of(const uint8_t *bytes) {
  struct slot_header header;
  if (!parse_slot_header(bytes, &header)) {
    puts("-");
    return;
  }
  for (size_t at = 0; at < sizeof header.roothash; at++) printf("%02x", header.roothash[at]);
  printf(" %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", header.root_offset, header.data_blocks, header.hash_blocks);
}

/* the size of BootCurrent as a byte, BootCurrent, BootOrder */
static void trial_of(const uint8_t *bytes, size_t size) {
  const size_t first = bytes[0], second = size - 1 - first;
  uint8_t *current = copied(bytes + 1, first), *order = copied(bytes + 1 + first, second);
  puts(is_trial(current, first, order, second) ? "yes" : "no");
  free(current);
  free(order);
}

int main(void) {
  for (int kind; (kind = getchar()) != EOF;) {
    uint32_t size;
    if (fread(&size, sizeof size, 1, stdin) != 1) return 2;
    uint8_t *bytes = malloc(size + 1);
    if (bytes == NULL || fread(bytes, 1, size, stdin) != size) return 2;
    if (kind == 'v') value_of((const char *)bytes);
    if (kind == 'h') header_of(bytes);
    if (kind == 't') trial_of(bytes, size);
    free(bytes);
  }
  return 0;
}
