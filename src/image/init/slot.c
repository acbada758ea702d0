/* The root: the slot with the root hash of our command line, through dm-verity; and the data partition beside it. */
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

static char slot_device[64]; /* its name, such as vda1 */

static bool is_our_slot(const char *name, const uint8_t *roothash, struct slot_header *header) {
  char path[80];
  uint8_t bytes[SLOT_HEADER_SIZE];
  uint64_t size = 0;
  snprintf(path, sizeof path, "/dev/%.60s", name);
  int device = open(path, O_RDONLY | O_CLOEXEC);
  if (device < 0) return false;
  bool ours = pread(device, bytes, sizeof bytes, SLOT_HEADER_OFFSET) == sizeof bytes &&
              parse_slot_header(bytes, header) && memcmp(header->roothash, roothash, 32) == 0 &&
              ioctl(device, BLKGETSIZE64, &size) == 0 &&
              header->root_offset + (header->data_blocks + header->hash_blocks) * BLOCK <= size;
  close(device);
  return ours;
}

/* Any slot that has our root: the hash decides what is run. Where both have it, either is right. */
static bool find_slot(const uint8_t *roothash, struct slot_header *header) {
  bool found = false;
  DIR *devices = opendir("/sys/class/block");
  if (devices == NULL) return false;
  for (struct dirent *item; !found && (item = readdir(devices)) != NULL;) {
    if (item->d_name[0] == '.' || strlen(item->d_name) >= sizeof slot_device) continue;
    found = is_our_slot(item->d_name, roothash, header);
    if (found) strcpy(slot_device, item->d_name);
  }
  closedir(devices);
  return found;
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

static bool map_root(const struct slot_header *header, const char *roothash, dev_t *root) {
  char table[512], path[80];
  struct stat device;
  snprintf(path, sizeof path, "/dev/%s", slot_device);
  int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
  if (control < 0 || stat(path, &device) != 0) return false;
  const uint64_t blocks = header->data_blocks + header->hash_blocks;
  dev_t slot;
  snprintf(table, sizeof table, "%u:%u %llu", major(device.st_rdev), minor(device.st_rdev),
           (unsigned long long)(header->root_offset / 512));
  bool mapped = map_device(control, "slot", blocks * (BLOCK / 512), "linear", table, &slot);
  /* the tree follows the data on the same device; a block that does not match restarts the machine */
  snprintf(table, sizeof table, "1 %u:%u %u:%u %d %d %llu %llu sha256 %s - 1 restart_on_corruption", major(slot),
           minor(slot), major(slot), minor(slot), BLOCK, BLOCK, (unsigned long long)header->data_blocks,
           (unsigned long long)header->data_blocks, roothash);
  mapped = mapped && map_device(control, "root", header->data_blocks * (BLOCK / 512), "verity", table, root);
  if (!mapped) say("the root cannot be mapped: %s", strerror(errno));
  close(control);
  return mapped;
}

/* Mounts the root with that hash; waits up to 20 s for the disk that has it. */
bool mount_root(const char *roothash, const char *target) {
  uint8_t wanted[32];
  struct slot_header header;
  dev_t root;
  if (!parse_hex(roothash, wanted, sizeof wanted)) return false;
  int tries = 0;
  while (!find_slot(wanted, &header)) {
    if (++tries == 400) {
      say("no disk has the root %s", roothash);
      return false;
    }
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  }
  if (!map_root(&header, roothash, &root)) return false;
  mkdir("/run/prodng", 0755);
  write_file("/run/prodng/slot", slot_device);
  /* devtmpfs names it dm-N */
  char path[32];
  snprintf(path, sizeof path, "/dev/dm-%u", minor(root));
  return mount_at(path, target, "squashfs", MS_RDONLY | MS_NODEV | MS_NOSUID, NULL);
}

/* The device on the disk of the slot whose partition has the name prodng-data. */
static bool find_data(char *name, size_t size) {
  char path[160], disk[256], real[256], text[2048], found[64];
  snprintf(path, sizeof path, "/sys/class/block/%s/..", slot_device);
  if (realpath(path, disk) == NULL) return false;
  DIR *devices = opendir("/sys/class/block");
  if (devices == NULL) return false;
  bool has = false;
  for (struct dirent *item; !has && (item = readdir(devices)) != NULL;) {
    if (item->d_name[0] == '.' || strlen(item->d_name) >= size || strlen(item->d_name) > 60) continue;
    snprintf(path, sizeof path, "/sys/class/block/%.60s/..", item->d_name);
    if (realpath(path, real) == NULL || strcmp(real, disk) != 0) continue;
    snprintf(path, sizeof path, "/sys/class/block/%.60s/uevent", item->d_name);
    has = read_file(path, text, sizeof text) > 0 && find_line(text, "PARTNAME", found, sizeof found) &&
          strcmp(found, "prodng-data") == 0;
    if (has) strcpy(name, item->d_name);
  }
  closedir(devices);
  return has;
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
  char name[64], path[80];
  const char *state = "volatile";
  if (find_data(name, sizeof name)) {
    snprintf(path, sizeof path, "/dev/%.60s", name);
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
  write_file("/run/prodng/data", state);
}
