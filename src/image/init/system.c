/* Files, mounts, programs and modules. */
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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
  if (file < 0) return -1;
  size_t done = 0;
  for (ssize_t got = 1; got > 0 && done < size - 1; done += got > 0 ? (size_t)got : 0) {
    got = read(file, (char *)buffer + done, size - 1 - done);
    if (got < 0 && done == 0) {
      close(file);
      return -1;
    }
  }
  close(file);
  ((char *)buffer)[done] = '\0';
  return (ptrdiff_t)done;
}

bool write_file(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return false;
  bool written = write(file, text, strlen(text)) == (ssize_t)strlen(text);
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

/* Calls `apply` with each line of a small file of the image; lines may be changed. */
void apply_lines(const char *path, void (*apply)(char *line)) {
  static char text[65536];
  if (read_file(path, text, sizeof text) < 0) return;
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) apply(line);
}

static void load_module(char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return say("%s: %s", path, strerror(errno));
  /* ENODEV: the hardware is not there */
  if (syscall(SYS_finit_module, file, "", 0) != 0 && errno != EEXIST && errno != ENODEV)
    say("%s: %s", path, strerror(errno));
  close(file);
}

/* Loads the modules of the initrd, in the order of the list. */
void load_modules(const char *list) {
  apply_lines(list, load_module);
}

/* Has modprobe(8) load what the devices that are there ask for, from the verified root. */
void load_for_devices(void) {
  static char storage[32768];
  static char *argv[512] = {"/sbin/modprobe", "-a", "-b", "-q"};
  size_t count = 4, used = 0;
  const char *const buses[] = {"pci", "virtio", "acpi", "platform", "vmbus", "xen", "usb", NULL};
  for (const char *const *bus = buses; *bus != NULL; bus++) {
    char folder[64];
    snprintf(folder, sizeof folder, "/sys/bus/%s/devices", *bus);
    DIR *devices = opendir(folder);
    if (devices == NULL) continue;
    for (struct dirent *device; (device = readdir(devices)) != NULL;) {
      char path[400];
      snprintf(path, sizeof path, "%s/%s/modalias", folder, device->d_name);
      if (device->d_name[0] == '.' || count + 1 >= sizeof argv / sizeof argv[0] || sizeof storage - used < 512) continue;
      ptrdiff_t length = read_file(path, storage + used, 512);
      if (length <= 1) continue;
      storage[used + (size_t)length - 1] = '\0'; /* the line's end */
      argv[count++] = storage + used;
      used += (size_t)length;
    }
    closedir(devices);
  }
  if (count > 4) run(argv);
}

/* Credentials that the machine's operator hands in through fw_cfg, by systemd's names (systemd.system-credentials(7)).
   They lie in memory, for root alone. */
void copy_credentials(void) {
  const char *prefix = "/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials";
  DIR *folder = opendir(prefix);
  if (folder == NULL) return;
  mkdir("/run/credentials", 0700);
  for (struct dirent *item; (item = readdir(folder)) != NULL;) {
    static char value[65536];
    char path[400];
    if (item->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s/raw", prefix, item->d_name);
    ptrdiff_t size = read_file(path, value, sizeof value);
    snprintf(path, sizeof path, "/run/credentials/%s", item->d_name);
    int file = size < 0 ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 || write(file, value, (size_t)size) != size) say("%s: cannot be kept", path);
    if (file >= 0) close(file);
  }
  closedir(folder);
}

void restart_machine(int how) {
  sync();
  reboot(how);
  for (;;) pause();
}
