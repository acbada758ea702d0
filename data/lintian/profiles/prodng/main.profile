# For the .debs of jails: lintian --include-dir data/lintian --profile prodng/main FILE.deb
Profile: prodng/main
Extends: debian/main
# These tags check the files of a rootfs as if they were files of the host.
Disable-Tags:
 no-changelog
 no-copyright-file
 non-standard-dir-perm
 shared-library-lacks-prerequisites
