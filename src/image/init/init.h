/* PID 1 of the base image: one static program, from the initrd to the shutdown. See docs/design/031-pid-1-in-c.md. */
#ifndef PRODNG_INIT_H
#define PRODNG_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where a slot describes itself: in the reserved sectors of its FAT, after the boot sectors. */
#define SLOT_HEADER_OFFSET 4096
#define SLOT_HEADER_SIZE 512
#define BLOCK 4096

struct slot_header {
  uint8_t roothash[32];
  uint64_t root_offset; /* bytes from the start of the slot to the squashfs */
  uint64_t data_blocks; /* of the squashfs, padded to whole blocks */
  uint64_t hash_blocks; /* of the hash tree, which follows it */
};

/* parse.c: pure functions of bytes; tested and fuzzed on their own */
bool parse_slot_header(const uint8_t bytes[SLOT_HEADER_SIZE], struct slot_header *out);
bool find_value(const char *text, const char *separators, const char *name, char *value, size_t size);
bool is_trial(const uint8_t *current, size_t current_size, const uint8_t *order, size_t order_size);

/* system.c */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
ptrdiff_t read_file(const char *path, void *buffer, size_t size);
bool write_file(const char *path, const void *bytes, size_t size, mode_t mode);
bool mount_at(const char *source, const char *target, const char *type, unsigned long flags, const char *options);
int run(char *const argv[]);
bool find_path(const char *pattern, bool (*is_wanted)(const char *path));
void apply_lines(const char *path, void (*apply)(char *line));
void make_folders(const char *const *paths);
void load_module(char *path);
void load_for_devices(void);
void copy_credentials(void);
_Noreturn void restart_machine(int how);

/* slot.c */
bool mount_root(const char *roothash, const char *target);
void mount_data(void);

/* supervise.c */
_Noreturn void supervise(const char *command_line, bool trial);

#endif
