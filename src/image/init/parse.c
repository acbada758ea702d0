/* What comes from disks, the firmware and the command line, parsed without a system call. */
#include "init.h"

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

static int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Lower-case hexadecimal text of exactly `length` bytes. */
bool parse_hex(const char *text, uint8_t *out, size_t length) {
  if (strlen(text) != 2 * length) return false;
  for (size_t at = 0; at < length; at++) {
    int high = digit(text[2 * at]), low = digit(text[2 * at + 1]);
    if (high < 0 || low < 0) return false;
    out[at] = (uint8_t)(high << 4 | low);
  }
  return true;
}

static bool copy_value(const char *value, size_t length, char *out, size_t size) {
  if (length >= size) return false;
  memcpy(out, value, length);
  out[length] = '\0';
  return true;
}

/* The value of NAME=VALUE in a kernel command line; the first one counts. */
bool find_word(const char *line, const char *name, char *value, size_t size) {
  size_t length = strlen(name);
  while (*line != '\0') {
    line += strspn(line, " \n");
    size_t word = strcspn(line, " \n");
    if (word > length && memcmp(line, name, length) == 0 && line[length] == '=')
      return copy_value(line + length + 1, word - length - 1, value, size);
    line += word;
  }
  return false;
}

/* The value of the line NAME=VALUE, as in a uevent file of sysfs. */
bool find_line(const char *text, const char *name, char *value, size_t size) {
  size_t length = strlen(name);
  while (*text != '\0') {
    size_t line = strcspn(text, "\n");
    if (line > length && memcmp(text, name, length) == 0 && text[length] == '=')
      return copy_value(text + length + 1, line - length - 1, value, size);
    text += line + (text[line] == '\n');
  }
  return false;
}

/* Whether the firmware booted another entry than the first of its order: BootCurrent and BootOrder as efivarfs has
   them, four bytes of attributes first (UEFI 2.10, 3.3). */
bool is_trial(const uint8_t *current, size_t current_size, const uint8_t *order, size_t order_size) {
  if (current_size != 6 || order_size < 6) return false;
  return current[4] != order[4] || current[5] != order[5];
}
