/* What comes from disks, the firmware and the command line, parsed without a system call. */
#include "init.h"

#include <stdio.h>
#include <string.h>

static uint64_t little_endian(const uint8_t *bytes) {
  uint64_t value = 0;
  for (int at = 7; at >= 0; at--) value = value << 8 | bytes[at];
  return value;
}

/* "PRODNGS1", root hash, offset, blocks of data, blocks of the tree; little-endian. False for anything else. */
bool parse_slot_header(const uint8_t bytes[SLOT_HEADER_SIZE], struct slot_header *out) {
  if (memcmp(bytes, "PRODNGS1", 8) != 0) return false;
  memcpy(out->roothash, bytes + 8, sizeof out->roothash);
  out->root_offset = little_endian(bytes + 40);
  out->data_blocks = little_endian(bytes + 48);
  out->hash_blocks = little_endian(bytes + 56);
  const uint64_t most = UINT64_C(1) << 24; /* blocks: 64 GiB */
  if (out->root_offset % BLOCK != 0 || out->root_offset == 0 || out->root_offset / BLOCK > most) return false;
  return out->data_blocks > 0 && out->data_blocks <= most && out->hash_blocks > 0 && out->hash_blocks <= most;
}

/* The value of NAME=VALUE among what any of the separators divides: words of a kernel command line, lines of a uevent file.
   The first one counts; false when it does not fit. */
bool find_value(const char *text, const char *separators, const char *name, char *value, size_t size) {
  const size_t length = strlen(name);
  while (*(text += strspn(text, separators)) != '\0') {
    const size_t item = strcspn(text, separators);
    if (item > length && memcmp(text, name, length) == 0 && text[length] == '=')
      return snprintf(value, size, "%.*s", (int)(item - length - 1), text + length + 1) < (int)size;
    text += item;
  }
  return false;
}

/* Whether the firmware booted another entry than the first of its order: BootCurrent and BootOrder as efivarfs has
   them, four bytes of attributes first (UEFI 2.10, 3.3). */
bool is_trial(const uint8_t *current, size_t current_size, const uint8_t *order, size_t order_size) {
  if (current_size != 6 || order_size < 6) return false;
  return current[4] != order[4] || current[5] != order[5];
}
