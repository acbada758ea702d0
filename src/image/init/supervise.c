/* What PID 1 does from then on: the agent with restart, its watchdog and the machine's, logs, reaping, the end of a
   trial, shutdown. */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "/usr/lib/prodng/node", "/usr/lib/prodng/dist/prodng.cjs"
#define SOCKET "/run/prodng/notify"
enum { START_LIMIT = 120, BEAT_LIMIT = 60, MOST_LOG = 4 << 20, SHUTDOWN_LIMIT = 20, MOST_TRIAL_EXITS = 3 };

struct log { const char *path; int file; };
static struct log agent_log = {"/var/log/agent.log", -1}, kernel_log = {"/var/log/kernel.log", -1};

/* Appends; a full log becomes PATH.1, and the one before that is gone. */
static void append(struct log *log, const char *bytes, size_t size) {
  if (log->file >= 0 && lseek(log->file, 0, SEEK_END) > MOST_LOG) {
    char old[64];
    snprintf(old, sizeof old, "%s.1", log->path);
    close(log->file);
    rename(log->path, old);
    log->file = -1;
  }
  if (log->file < 0) log->file = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (log->file >= 0 && write(log->file, bytes, size) < 0) return; /* a full disk stops nothing else */
}

static time_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec;
}

static int change_signals(int how) {
  sigset_t signals;
  sigfillset(&signals);
  sigprocmask(how, &signals, NULL);
  return how == SIG_BLOCK ? signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
}

static pid_t start(char *const argv[], int output) {
  pid_t child = fork();
  if (child != 0) return child;
  change_signals(SIG_UNBLOCK);
  setsid();
  int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, 0);
  dup2(output, 1);
  dup2(output, 2);
  execve(argv[0], argv, (char *[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8",
                                  "NOTIFY_SOCKET=" SOCKET, "WATCHDOG_USEC=30000000", NULL});
  _exit(127);
}

/* Where the agent tells that it is ready and alive, sd_notify(3). */
static int notify_socket(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET};
  int notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (notify < 0 || bind(notify, (struct sockaddr *)&address, sizeof address) != 0 || chmod(SOCKET, 0600) != 0)
    say("%s: %s", SOCKET, strerror(errno));
  return notify;
}

static int open_watchdog(void) {
  int seconds = 60, watchdog = open("/dev/watchdog", O_WRONLY | O_CLOEXEC);
  if (watchdog < 0 || ioctl(watchdog, WDIOC_SETTIMEOUT, &seconds) != 0) say("there is no watchdog");
  return watchdog;
}

static void unmount_disk(char *line) {
  char target[512], type[16];
  if (sscanf(line, "%*s %511s %15s", target, type) != 2 || strcmp(type, "ext4") != 0) return;
  if (umount2(target, 0) != 0 && mount(NULL, target, NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0 && errno != EINVAL)
    say("%s: %s", target, strerror(errno));
}

/* Waits for children to end: for one, or for all when `child` is -1. */
static void await(pid_t child, int seconds) {
  for (time_t end = now() + seconds; now() < end; usleep(20000)) {
    pid_t ended;
    do ended = waitpid(-1, NULL, WNOHANG);
    while (ended > 0 && ended != child);
    if (ended < 0 || ended == child) return;
  }
}

/* The agent first, as jails are its; then all; then the disk. */
static _Noreturn void shut_down(int how, pid_t agent) {
  say("shutting down");
  if (agent > 0 && kill(agent, SIGTERM) == 0) await(agent, SHUTDOWN_LIMIT);
  kill(-1, SIGTERM);
  await(-1, 1);
  kill(-1, SIGKILL);
  await(-1, 5);
  close(agent_log.file);
  close(kernel_log.file);
  /* twice: mounts within /var come after it */
  for (int pass = 0; pass < 2; pass++) apply_lines("/proc/mounts", unmount_disk);
  restart_machine(how);
}

static char line[2048];

/* Copies what there is to read to a log, and the agent's to the console if the command line says prodng.console=1. */
static void drain(int from, struct log *log, int console) {
  for (ssize_t size; (size = read(from, line, sizeof line)) > 0;) {
    append(log, line, (size_t)size);
    if (console >= 0 && write(console, line, (size_t)size) < 0) return;
  }
}

void supervise(const char *command_line, bool trial) {
  int output[2];
  if (pipe2(output, O_CLOEXEC | O_NONBLOCK) != 0) restart_machine(RB_AUTOBOOT);
  char word[16] = "", limit[16] = "300";
  find_value(command_line, " \n", "prodng.console", word, sizeof word);
  find_value(command_line, " \n", "prodng.deadline", limit, sizeof limit);
  const int console = word[0] == '1' ? open("/dev/console", O_WRONLY | O_CLOEXEC | O_NOCTTY) : -1;
  const int watchdog = open_watchdog();
  struct pollfd events[] = {{change_signals(SIG_BLOCK), POLLIN, 0},
                            {output[0], POLLIN, 0},
                            {notify_socket(), POLLIN, 0},
                            {open("/dev/kmsg", O_RDONLY | O_CLOEXEC | O_NONBLOCK), POLLIN, 0}};
  if (trial) {
    say("a trial: the slot is to be committed within %s s", limit);
    write_file("/run/prodng/trial", "", 0, 0644);
  }
  const bool debug = access("/etc/prodng/boot/debug", F_OK) == 0;
  pid_t agent = 0, host = 0, shell = 0;
  bool ready = false, settled = false;
  int exits = 0;
  time_t beat = now(), next = 0, next_host = 0, pause = 1;
  for (;;) {
    if (agent == 0 && now() >= next) {
      agent = start((char *[]){PROGRAM, "agent", NULL}, output[1]);
      beat = now();
      ready = false;
    }
    if (debug && shell == 0) shell = start((char *[]){"/bin/sh", NULL}, console);
    if (watchdog >= 0) ioctl(watchdog, WDIOC_KEEPALIVE, 0);
    poll(events, sizeof events / sizeof events[0], 1000);
    drain(output[0], &agent_log, console);
    drain(events[3].fd, &kernel_log, -1);
    for (ssize_t size; (size = recv(events[2].fd, line, sizeof line - 1, 0)) > 0;) {
      line[size] = '\0';
      beat = now();
      if (strstr(line, "READY=1") == NULL) continue;
      ready = true;
      pause = 1;
    }
    /* again when it fails, such as when the agent ended meanwhile: without it no trial is committed */
    if (ready && !settled && host == 0 && now() >= next_host)
      host = start((char *[]){PROGRAM, "host-start", NULL}, output[1]);
    if (agent > 0 && now() - beat > (ready ? BEAT_LIMIT : START_LIMIT)) {
      say("the agent gives no sign of life: it is killed");
      kill(agent, SIGKILL);
      beat = now();
    }
    int status;
    for (pid_t child; (child = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (child == shell) shell = 0;
      if (child == host) {
        host = 0;
        settled = status == 0;
        next_host = now() + 10;
      }
      if (child != agent) continue;
      say("the agent has ended: it is started again in %d s", (int)pause);
      agent = 0;
      next = now() + pause;
      pause = pause < 16 ? pause * 2 : 30;
      exits++;
    }
    const bool over = now() > atoi(limit) || exits >= MOST_TRIAL_EXITS;
    if (trial && access("/run/prodng/committed", F_OK) == 0) trial = false;
    if (trial && over) {
      say("the trial has failed");
      shut_down(RB_AUTOBOOT, agent);
    }
    struct signalfd_siginfo signal;
    while (read(events[0].fd, &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo == SIGTERM || signal.ssi_signo == SIGINT) shut_down(RB_AUTOBOOT, agent);
      if (signal.ssi_signo == SIGUSR2) shut_down(RB_POWER_OFF, agent);
    }
  }
}
