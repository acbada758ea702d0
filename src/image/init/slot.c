/* The root: the slot with the root hash of our command line, through dm-verity; and the data partition beside it. */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

static char slot_device[64]; /* its name, such as vda1 */
static char data_device[64];
static const char *wanted; /* the root hash of our command line */
static struct slot_header header;

/* Whether a device of /sys/class/block has our root. Any slot that has it is right, since the hash decides what is run. */
static bool is_our_slot(const char *device) {
  const char *const name = strrchr(device, '/') + 1;
  char path[80], hash[65];
  uint8_t bytes[SLOT_HEADER_SIZE];
  uint64_t size = 0;
  if (strlen(name) >= sizeof slot_device) return false;
  snprintf(path, sizeof path, "/dev/%s", name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  bool ours = pread(file, bytes, sizeof bytes, SLOT_HEADER_OFFSET) == sizeof bytes &&
              parse_slot_header(bytes, &header) && ioctl(file, BLKGETSIZE64, &size) == 0 &&
              header.root_offset + (header.data_blocks + header.hash_blocks) * BLOCK <= size;
  close(file);
  for (size_t at = 0; at < sizeof header.roothash; at++) snprintf(hash + 2 * at, 3, "%02x", header.roothash[at]);
  ours = ours && strcmp(hash, wanted) == 0;
  if (ours) strcpy(slot_device, name);
  return ours;
}

/* One read-only device-mapper device with one target, Documentation/admin-guide/device-mapper. */
static bool map_device(int control, const char *name, uint64_t sectors, const char *type, const char *table, dev_t *made) {
  struct {
    struct dm_ioctl head;
    struct dm_target_spec target;
    char table[1024];
  } request = {0};
  struct dm_ioctl *head = &request.head;
  memcpy(head->version, (uint32_t[]){DM_VERSION_MAJOR, 0, 0}, sizeof head->version);
  head->data_size = sizeof request;
  strncpy(head->name, name, sizeof head->name - 1);
  if (ioctl(control, DM_DEV_CREATE, head) != 0) return false;
  *made = makedev((head->dev >> 8) & 0xfff, (head->dev & 0xff) | ((head->dev >> 12) & 0xfff00));
  head->dev = 0; /* by its name from here on */
  head->data_size = sizeof request;
  head->data_start = sizeof *head;
  head->target_count = 1;
  head->flags = DM_READONLY_FLAG;
  request.target.length = sectors;
  request.target.next = sizeof request - sizeof *head;
  strncpy(request.target.target_type, type, sizeof request.target.target_type - 1);
  strncpy(request.table, table, sizeof request.table - 1);
  if (ioctl(control, DM_TABLE_LOAD, head) != 0) return false;
  head->dev = 0;
  head->data_size = sizeof request;
  head->flags = 0; /* not DM_SUSPEND_FLAG: resume */
  return ioctl(control, DM_DEV_SUSPEND, head) == 0;
}

static bool map_root(const char *roothash, dev_t *root) {
  char table[512], path[80];
  struct stat device;
  snprintf(path, sizeof path, "/dev/%s", slot_device);
  int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
  if (control < 0 || stat(path, &device) != 0) return false;
  const uint64_t blocks = header.data_blocks + header.hash_blocks;
  dev_t slot;
  snprintf(table, sizeof table, "%u:%u %llu", major(device.st_rdev), minor(device.st_rdev),
           (unsigned long long)(header.root_offset / 512));
  bool mapped = map_device(control, "slot", blocks * (BLOCK / 512), "linear", table, &slot);
  /* the tree follows the data on the same device; a block that does not match restarts the machine */
  snprintf(table, sizeof table, "1 %u:%u %u:%u %d %d %llu %llu sha256 %s - 1 restart_on_corruption", major(slot),
           minor(slot), major(slot), minor(slot), BLOCK, BLOCK, (unsigned long long)header.data_blocks,
           (unsigned long long)header.data_blocks, roothash);
  mapped = mapped && map_device(control, "root", header.data_blocks * (BLOCK / 512), "verity", table, root);
  if (!mapped) say("the root cannot be mapped: %s", strerror(errno));
  close(control);
  return mapped;
}

/* Mounts the root with that hash; waits up to 20 s for the disk that has it. */
bool mount_root(const char *roothash, const char *target) {
  dev_t root;
  wanted = roothash;
  for (int tries = 1; !find_path("/sys/class/block/*", is_our_slot); tries++) {
    if (tries == 400) {
      say("no disk has the root %s", roothash);
      return false;
    }
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  }
  if (!map_root(roothash, &root)) return false;
  mkdir("/run/prodng", 0755);
  write_file("/run/prodng/slot", slot_device, strlen(slot_device), 0644);
  /* devtmpfs names it dm-N */
  char path[32];
  snprintf(path, sizeof path, "/dev/dm-%u", minor(root));
  return mount_at(path, target, "squashfs", MS_RDONLY | MS_NODEV | MS_NOSUID, NULL);
}

static bool is_data(const char *uevent) {
  char text[2048], label[64];
  return read_file(uevent, text, sizeof text) > 0 && find_value(text, "\n", "PARTNAME", label, sizeof label) &&
         strcmp(label, "prodng-data") == 0 && find_value(text, "\n", "DEVNAME", data_device, sizeof data_device);
}

/* A partition that was never written: only then is a file system made on it. */
static bool is_blank(const char *path) {
  static uint8_t bytes[131072];
  int device = open(path, O_RDONLY | O_CLOEXEC);
  bool blank = device >= 0 && read(device, bytes, sizeof bytes) == (ssize_t)sizeof bytes;
  for (size_t at = 0; blank && at < sizeof bytes; at++) blank = bytes[at] == 0;
  if (device >= 0) close(device);
  return blank;
}

/* /var: the data partition, checked first. What it is is told in /run/prodng/data: `whole`, `repaired`, `read-only`
   (damaged beyond what fsck repairs by itself), or `volatile` where there is none. */
void mount_data(void) {
  char partitions[128], path[80];
  const char *state = "volatile";
  /* those on the disk of the slot */
  snprintf(partitions, sizeof partitions, "/sys/block/*/%s/../*/uevent", slot_device);
  if (find_path(partitions, is_data)) {
    snprintf(path, sizeof path, "/dev/%s", data_device);
    if (is_blank(path)) run((char *[]){"/sbin/mkfs.ext4", "-q", "-L", "prodng-data", path, NULL});
    int status = run((char *[]){"/sbin/fsck.ext4", "-p", path, NULL});
    const bool whole = status == 0 || status == 1;
    if (!whole) say("%s: fsck.ext4 ends with %d: mounted read-only", path, status);
    const unsigned long flags = MS_NODEV | MS_NOSUID | MS_NOATIME | (whole ? 0 : MS_RDONLY);
    if (mount_at(path, "/var", "ext4", flags, NULL)) state = status == 0 ? "whole" : whole ? "repaired" : "read-only";
  }
  if (strcmp(state, "volatile") == 0) mount_at("tmpfs", "/var", "tmpfs", MS_NODEV | MS_NOSUID, "mode=0755");
  if (strcmp(state, "read-only") != 0)
    make_folders((const char *const[]){"/var/cache", "/var/lib", "/var/log", "/var/tmp", "/var/lib/prodng",
                                       "/var/lib/prodng/jails.d", NULL});
  write_file("/run/prodng/data", state, strlen(state), 0644);
}
