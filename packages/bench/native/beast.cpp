// The server of Boost.Beast: one thread, echo or broadcast, controlled as src/measured/Control.ts says.
//
// Asynchronous operations as in the examples of Beast. A message that arrived is sent back before the next one is read,
// as those examples do it; in a broadcast each receiver has a queue of shared messages.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <iostream>
#include <malloc.h>
#include <memory>
#include <set>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;

static bool isBroadcast = false;
static bool isDeflated = false;

class Session;
static std::set<Session*> members;

class Session : public std::enable_shared_from_this<Session> {
  websocket::stream<tcp::socket> ws;
  beast::flat_buffer buffer;
  std::deque<std::shared_ptr<std::string const>> queue;

 public:
  explicit Session(tcp::socket&& socket) : ws(std::move(socket)) {}
  ~Session() { members.erase(this); }

  void start() {
    websocket::permessage_deflate options;
    options.server_enable = isDeflated;
    ws.set_option(options);
    ws.read_message_max(16 * 1024 * 1024);
    // Else messages are sent in frames of 4 KiB, at twice the cost.
    ws.auto_fragment(false);
    ws.async_accept([self = shared_from_this()](beast::error_code error) {
      if (error) return;
      members.insert(self.get());
      self->read();
    });
  }

 private:
  void read() {
    ws.async_read(buffer, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return;
      if (isBroadcast) self->spread();
      else self->echo();
    });
  }

  void echo() {
    ws.text(ws.got_text());
    ws.async_write(buffer.data(), [self = shared_from_this()](beast::error_code error, std::size_t size) {
      if (error) return;
      self->buffer.consume(size);
      self->read();
    });
  }

  void spread() {
    auto message = std::make_shared<std::string const>(beast::buffers_to_string(buffer.data()));
    buffer.consume(buffer.size());
    for (auto* member : members) member->send(message);
    read();
  }

  void send(std::shared_ptr<std::string const> const& message) {
    queue.push_back(message);
    if (queue.size() == 1) write();
  }

  void write() {
    ws.binary(true);
    ws.async_write(asio::buffer(*queue.front()), [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return;
      self->queue.pop_front();
      if (!self->queue.empty()) self->write();
    });
  }
};

static void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](beast::error_code error, tcp::socket socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true));
      std::make_shared<Session>(std::move(socket))->start();
    }
    accept(acceptor);
  });
}

static long long micros(timeval const& time) { return time.tv_sec * 1000000LL + time.tv_usec; }

static void usage() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  long total = 0, resident = 0;
  if (FILE* file = fopen("/proc/self/statm", "r")) {
    if (fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
    fclose(file);
  }
  std::cout << "{\"user\":" << micros(used.ru_utime) << ",\"system\":" << micros(used.ru_stime)
            << ",\"rss\":" << resident * sysconf(_SC_PAGESIZE) << ",\"heap\":" << mallinfo2().uordblks << "}" << std::endl;
}

static void obey(asio::posix::stream_descriptor& input, asio::streambuf& lines) {
  asio::async_read_until(input, lines, '\n', [&](beast::error_code error, std::size_t) {
    std::istream stream(&lines);
    std::string command;
    std::getline(stream, command);
    if (error || command == "exit") _exit(0);
    usage();
    obey(input, lines);
  });
}

int main(int count, char** arguments) {
  std::string const setting = count > 1 ? arguments[1] : "";
  isBroadcast = setting.find("\"broadcast\"") != std::string::npos;
  isDeflated = setting.find("\"deflate\":true") != std::string::npos;
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
  acceptor.listen(511);
  asio::posix::stream_descriptor input(context, dup(0));
  asio::streambuf lines;
  accept(acceptor);
  obey(input, lines);
  std::cout << "{\"port\":" << acceptor.local_endpoint().port() << "}" << std::endl;
  context.run();
}
