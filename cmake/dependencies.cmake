# What ragd is built on, all from the distribution's packages (the list is packaging/debian-packages.txt).
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(RocksDB REQUIRED CONFIG)
find_package(simdjson REQUIRED CONFIG)
find_package(spdlog REQUIRED CONFIG)
find_package(fmt REQUIRED CONFIG)  # what spdlog is built on
find_package(tomlplusplus REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(PkgConfig REQUIRED)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
find_path(STEMMER_INCLUDE libstemmer.h REQUIRED)
find_library(STEMMER_LIBRARY stemmer REQUIRED)
find_path(HNSWLIB_INCLUDE hnswlib/hnswlib.h REQUIRED)  # headers alone

# Static, since most of it is never used: only what ragd calls is linked, and lies together in memory. That takes a sixth
# off an idle server and spares the start the relocations of a library of 11 MB.
if(TARGET RocksDB::rocksdb)
  set(RAGD_ROCKSDB RocksDB::rocksdb)
else()
  set(RAGD_ROCKSDB RocksDB::rocksdb-shared)
endif()

add_library(ragd_dependencies INTERFACE)
target_link_libraries(ragd_dependencies INTERFACE
  Threads::Threads Boost::headers OpenSSL::SSL OpenSSL::Crypto ${RAGD_ROCKSDB} simdjson::simdjson
  spdlog::spdlog fmt::fmt tomlplusplus::tomlplusplus CLI11::CLI11 PkgConfig::UTF8PROC PkgConfig::XXHASH PkgConfig::LIBPQ ${STEMMER_LIBRARY})
target_include_directories(ragd_dependencies SYSTEM INTERFACE ${STEMMER_INCLUDE} ${HNSWLIB_INCLUDE})
