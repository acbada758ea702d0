/* Files, mounts, programs and modules. */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CREDENTIALS "/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials"

/* To the kernel's log, which is also the console's. */
void say(const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
  if (log < 0) return;
  if (length > 0) dprintf(log, "<5>prodng: %s\n", text);
  close(log);
}

/* At most size - 1 bytes; a NUL follows them. */
ptrdiff_t read_file(const char *path, void *buffer, size_t size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t done = 0, got = -1;
  while (file >= 0 && (got = read(file, (char *)buffer + done, size - 1 - (size_t)done)) > 0) done += got;
  if (file >= 0) close(file);
  ((char *)buffer)[done] = '\0';
  return got < 0 && done == 0 ? -1 : done;
}

bool write_file(const char *path, const void *bytes, size_t size, mode_t mode) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (file < 0) return false;
  bool written = write(file, bytes, size) == (ssize_t)size;
  return close(file) == 0 && written;
}

bool mount_at(const char *source, const char *target, const char *type, unsigned long flags, const char *options) {
  if (mount(source, target, type, flags, options) == 0) return true;
  say("%s: cannot mount %s: %s", target, source, strerror(errno));
  return false;
}

void make_folders(const char *const *paths) {
  for (; *paths != NULL; paths++)
    if (mkdir(*paths, 0755) != 0 && errno != EEXIST) say("%s: %s", *paths, strerror(errno));
}

/* Runs a program to its end: its exit status, or -1 when a signal ended it or it could not be started. */
int run(char *const argv[]) {
  pid_t child = fork();
  if (child == 0) {
    execv(argv[0], argv);
    _exit(127);
  }
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Calls `is_wanted` with each path that matches, until it returns true. */
bool find_path(const char *pattern, bool (*is_wanted)(const char *path)) {
  glob_t found = {0};
  bool has = false;
  glob(pattern, 0, NULL, &found);
  for (size_t at = 0; !has && at < found.gl_pathc; at++) has = is_wanted(found.gl_pathv[at]);
  globfree(&found);
  return has;
}

/* Calls `apply` with each line of a small file of the image; lines may be changed. */
void apply_lines(const char *path, void (*apply)(char *line)) {
  static char text[65536];
  if (read_file(path, text, sizeof text) < 0) return;
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) apply(line);
}

/* Loads a module of the initrd, and frees its memory there. */
void load_module(char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return say("%s: %s", path, strerror(errno));
  /* ENODEV: the hardware is not there */
  if (syscall(SYS_finit_module, file, "", 0) != 0 && errno != EEXIST && errno != ENODEV)
    say("%s: %s", path, strerror(errno));
  close(file);
  unlink(path);
}

/* Has modprobe(8) load what the devices that are there ask for, from the verified root. */
void load_for_devices(void) {
  static char storage[32768];
  static char *argv[512] = {"/sbin/modprobe", "-a", "-b", "-q"};
  const size_t most = sizeof argv / sizeof argv[0] - 1;
  const char *const buses[] = {"pci", "virtio", "acpi", "platform", "vmbus", "xen", "usb"};
  size_t count = 4, used = 0;
  for (size_t bus = 0; bus < sizeof buses / sizeof buses[0]; bus++) {
    char pattern[64];
    snprintf(pattern, sizeof pattern, "/sys/bus/%s/devices/*/modalias", buses[bus]);
    glob_t found = {0};
    glob(pattern, 0, NULL, &found);
    for (size_t at = 0; at < found.gl_pathc && count < most && sizeof storage - used >= 512; at++) {
      ptrdiff_t length = read_file(found.gl_pathv[at], storage + used, 512);
      if (length <= 1) continue;
      storage[used + (size_t)length - 1] = '\0'; /* the line's end */
      argv[count++] = storage + used;
      used += (size_t)length;
    }
    globfree(&found);
  }
  if (count > 4) run(argv);
}

/* NAME/raw of the folder below */
static bool copy_credential(const char *path) {
  static char value[65536];
  char copy[400], name[256];
  if (sscanf(path, CREDENTIALS "/%255[^/]", name) != 1) return false;
  ptrdiff_t size = read_file(path, value, sizeof value);
  snprintf(copy, sizeof copy, "/run/credentials/%s", name);
  if (size < 0 || !write_file(copy, value, (size_t)size, 0600)) say("%s: cannot be kept", copy);
  return false;
}

/* Credentials that the machine's operator hands in through fw_cfg, by systemd's names (systemd.system-credentials(7)).
   They are in memory, for root alone. */
void copy_credentials(void) {
  mkdir("/run/credentials", 0700);
  find_path(CREDENTIALS "/*/raw", copy_credential);
}

void restart_machine(int how) {
  sync();
  reboot(how);
  for (;;) pause();
}
