/* From the kernel to a supervised agent. Every failure before that restarts the machine: the firmware then boots the
   slot that it booted before. */
#include "init.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(const char *what) {
  say("%s: restarting in 3 s", what);
  sleep(3);
  restart_machine(RB_AUTOBOOT);
}

static bool mount_kernel_interfaces(void) {
  make_folders((const char *const[]){"/proc", "/sys", "/dev", "/run", "/root", NULL});
  const unsigned long plain = MS_NODEV | MS_NOSUID | MS_NOEXEC;
  return mount_at("devtmpfs", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755") &&
         mount_at("proc", "/proc", "proc", plain, NULL) && mount_at("sysfs", "/sys", "sysfs", plain, NULL) &&
         mount_at("tmpfs", "/run", "tmpfs", MS_NODEV | MS_NOSUID, "mode=0755,size=20%");
}

/* Makes the verified root the root, with the mounts that are there already. The program goes on: nothing is executed. */
static bool switch_root(void) {
  unlink("/init"); /* what stays of the initrd stays in memory */
  const char *const moved[][2] = {{"/dev", "/root/dev"}, {"/proc", "/root/proc"}, {"/sys", "/root/sys"}, {"/run", "/root/run"}};
  for (size_t at = 0; at < sizeof moved / sizeof moved[0]; at++)
    if (!mount_at(moved[at][0], moved[at][1], NULL, MS_MOVE, NULL)) return false;
  return chdir("/root") == 0 && mount_at(".", "/", NULL, MS_MOVE, NULL) && chroot(".") == 0 && chdir("/") == 0;
}

static void mount_the_rest(void) {
  const unsigned long plain = MS_NODEV | MS_NOSUID | MS_NOEXEC;
  make_folders((const char *const[]){"/dev/pts", "/dev/shm", NULL});
  mount_at("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666");
  mount_at("tmpfs", "/dev/shm", "tmpfs", plain, "mode=1777");
  mount_at("tmpfs", "/tmp", "tmpfs", MS_NODEV | MS_NOSUID, "mode=1777,size=20%");
  mount_at("cgroup2", "/sys/fs/cgroup", "cgroup2", plain, "nsdelegate,memory_recursiveprot");
  mount_at("securityfs", "/sys/kernel/security", "securityfs", plain, NULL);
  mount_at("tracefs", "/sys/kernel/tracing", "tracefs", plain, "mode=0700");
  mount_at("bpf", "/sys/fs/bpf", "bpf", plain, "mode=0700");
}

/* `net/ipv4/ip_forward=1`, of the image's own list */
static void set_sysctl(char *line) {
  char path[256], *value = strchr(line, '=');
  if (value == NULL) return;
  *value++ = '\0';
  snprintf(path, sizeof path, "/proc/sys/%s", line);
  if (!write_file(path, value, strlen(value), 0644)) say("%s: cannot be set to %s", path, value);
}

/* `eth0 192.0.2.10/24 192.0.2.1`: an interface, its address, and the gateway if there is one. Only arguments of ip(8) are
   made of it, as a credential may not be more than an address. */
static void add_network(char *line) {
  char name[16], address[64], gateway[64];
  const int words = sscanf(line, "%15s %63s %63s", name, address, gateway);
  if (words < 2 || run((char *[]){"/sbin/ip", "link", "set", "dev", name, "up", NULL}) != 0 ||
      run((char *[]){"/sbin/ip", "address", "add", "local", address, "dev", name, NULL}) != 0 ||
      (words == 3 && run((char *[]){"/sbin/ip", "route", "add", "default", "via", gateway, "dev", name, NULL}) != 0))
    say("the network is not as the image or a credential has it: %s", line);
}

/* What the machine's operator hands in counts before what the image has. */
static const char *either(const char *credential, const char *path) {
  return access(credential, F_OK) == 0 ? credential : path;
}

/* Whether this is the one start that an update asked for: its root hash is in /var/lib/prodng/trial, and the firmware
   booted another entry than the first of its order. The first start of a disk, or one by hand, is none. */
static bool on_trial(const char *roothash) {
  const char *const current = "/sys/firmware/efi/efivars/BootCurrent-8be4df61-93ca-11d2-aa0d-00e098032b8c";
  const char *const order = "/sys/firmware/efi/efivars/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c";
  uint8_t first[16], second[512];
  char armed[66] = "";
  ptrdiff_t first_size = read_file(current, first, sizeof first), second_size = read_file(order, second, sizeof second);
  return read_file("/var/lib/prodng/trial", armed, sizeof armed) == 64 && strcmp(armed, roothash) == 0 && first_size > 0 &&
         second_size > 0 && is_trial(first, (size_t)first_size, second, (size_t)second_size);
}

int main(void) {
  static char line[4096];
  char roothash[65];
  umask(022);
  if (getpid() != 1) return 1;
  if (!mount_kernel_interfaces()) fail("the kernel's file systems cannot be mounted");
  if (read_file("/proc/cmdline", line, sizeof line) <= 0 || !find_value(line, " \n", "prodng.root", roothash, sizeof roothash))
    fail("the kernel's command line names no prodng.root");
  apply_lines("/modules/list", load_module);
  if (access("/sys/firmware/efi/efivars", F_OK) == 0)
    mount_at("efivarfs", "/sys/firmware/efi/efivars", "efivarfs", MS_NODEV | MS_NOSUID | MS_NOEXEC, NULL);
  if (!mount_root(roothash, "/root")) fail("there is no root");
  if (!switch_root()) fail("the root cannot be entered");
  mount_the_rest();
  load_for_devices();
  copy_credentials();
  mount_data();
  mount_at("/var/lib/prodng/jails.d", "/etc/prodng/jails.d", NULL, MS_BIND, NULL);
  apply_lines("/etc/prodng/boot/sysctl", set_sysctl);
  static char name[65];
  const char *const named = either("/run/credentials/system.hostname", "/etc/hostname");
  ptrdiff_t length = read_file(named, name, sizeof name);
  if (length > 0 && sethostname(name, strcspn(name, "\n")) != 0) say("the host's name cannot be set");
  run((char *[]){"/sbin/ip", "link", "set", "lo", "up", NULL});
  apply_lines(either("/run/credentials/prodng.network", "/etc/prodng/boot/network"), add_network);
  supervise(line, on_trial(roothash));
}
