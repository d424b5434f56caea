// Boost.Beast as the other side of one connection: does what it is told on its input, tells on its output what happens.
//
//   beast-peer server [name=value …]                       listens on a free port of 127.0.0.1, accepts one connection
//   beast-peer client <host> <port> <target> [name=value …]
//
// Commands and events have one form: a line of words, the last of which is the number of octets that follow the line.
//
//   commands  message <text|binary>  part <text|binary> <more|last>  ping  pong  close <code, 0: none>
//             in this order, one after another; at once: read (with read=0 nothing is read before it), terminate
//   events    listening <port>
//             open <deflate: 0|1> <client's window bits> <server's>, with the subprotocol, a line feed, and the extensions
//             text  binary  ping  pong  as they arrive
//             closed <code, 0: none>, with the reason; failed <name>; one of them is the last event
//
// The options are those of Beast, at the defaults of Beast; see `configure`. The program ends with its input.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <cstdio>
#include <deque>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;
using Stream = websocket::stream<tcp::socket>;

static void tell(std::string const& words, beast::string_view octets = {}) {
  std::printf("%s %zu\n", words.c_str(), octets.size());
  std::fwrite(octets.data(), 1, octets.size(), stdout);
  std::fflush(stdout);
}

static std::string nameOf(beast::error_code error) {
  if (error == websocket::error::message_too_big) return "message_too_big";
  if (error == beast::error::timeout) return "timeout";
  if (error == asio::error::eof) return "eof";
  return error.message();
}

// What the command line says after the words that have a place.
class Options {
  std::map<std::string, std::string> values;

 public:
  Options(int count, char** arguments) {
    for (int index = 0; index < count; index++) {
      std::string const each = arguments[index];
      auto const end = each.find('=');
      values[each.substr(0, end)] = each.substr(end + 1);
    }
  }

  std::string text(std::string const& name) const {
    auto const found = values.find(name);
    return found == values.end() ? "" : found->second;
  }

  int number(std::string const& name, int otherwise) const {
    auto const value = text(name);
    return value.empty() ? otherwise : std::stoi(value);
  }
};

static void configureDeflate(Stream& ws, Options const& options) {
  websocket::permessage_deflate deflate;
  deflate.server_enable = deflate.client_enable = options.number("deflate", 0) == 1;
  deflate.server_max_window_bits = options.number("server_max_window_bits", deflate.server_max_window_bits);
  deflate.client_max_window_bits = options.number("client_max_window_bits", deflate.client_max_window_bits);
  deflate.server_no_context_takeover = options.number("server_no_context_takeover", 0) == 1;
  deflate.client_no_context_takeover = options.number("client_no_context_takeover", 0) == 1;
  deflate.compLevel = options.number("compLevel", deflate.compLevel);
  deflate.memLevel = options.number("memLevel", deflate.memLevel);
  ws.set_option(deflate);
}

static void configure(Stream& ws, Options const& options) {
  configureDeflate(ws, options);
  ws.auto_fragment(options.number("auto_fragment", 1) == 1);
  ws.write_buffer_bytes(options.number("write_buffer_bytes", 4096));
  ws.read_message_max(options.number("read_message_max", 16 * 1024 * 1024));
  auto timeout = websocket::stream_base::timeout{
      websocket::stream_base::none(), websocket::stream_base::none(), options.number("keep_alive_pings", 0) == 1};
  if (int const millis = options.number("idle_timeout", 0)) timeout.idle_timeout = std::chrono::milliseconds(millis);
  ws.set_option(timeout);
}

// The window bits in the answer of a server, as Beast understands them: what it opens the compressors with.
static std::string windowBits(beast::string_view extensions) {
  std::string client = "15", server = "15";
  http::ext_list list(extensions);
  auto const deflate = list.find("permessage-deflate");
  if (deflate == list.end()) return "0 0 0";
  for (auto const& parameter : deflate->second) {
    if (parameter.first == "client_max_window_bits") client = std::string(parameter.second);
    if (parameter.first == "server_max_window_bits") server = std::string(parameter.second);
  }
  return "1 " + client + " " + server;
}

struct Command {
  std::string name, first, second, octets;
};

class Peer {
  Stream ws;
  beast::flat_buffer buffer;
  std::deque<Command> commands;
  bool isReading, isBusy = false, isClosing = false, isEnded = false;

 public:
  Peer(asio::io_context& context, Options const& options) : ws(context), isReading(options.number("read", 1) == 1) {
    configure(ws, options);
    ws.control_callback([](websocket::frame_type kind, beast::string_view payload) {
      if (kind != websocket::frame_type::close) tell(kind == websocket::frame_type::ping ? "ping" : "pong", payload);
    });
  }

  void accept(asio::io_context& context, std::string const& supported) {
    {
      tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
      tell("listening " + std::to_string(acceptor.local_endpoint().port()));
      acceptor.accept(ws.next_layer());
    }
    ws.next_layer().set_option(tcp::no_delay(true));
    beast::error_code error;
    http::request<http::empty_body> request;
    http::read(ws.next_layer(), buffer, request, error);
    if (error) return end(error);
    bool const isAgreed = http::token_list(request[http::field::sec_websocket_protocol]).exists(supported);
    http::fields answered;
    ws.set_option(websocket::stream_base::decorator([&](websocket::response_type& response) {
      if (isAgreed) response.set(http::field::sec_websocket_protocol, supported);
      answered = response;
    }));
    ws.accept(request, error);
    error ? end(error) : open(answered);
  }

  void connect(std::string const& host, std::string const& port, std::string const& target, std::string const& offered) {
    ws.next_layer().connect({asio::ip::make_address(host), static_cast<unsigned short>(std::stoi(port))});
    ws.next_layer().set_option(tcp::no_delay(true));
    ws.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
      if (!offered.empty()) request.set(http::field::sec_websocket_protocol, offered);
    }));
    beast::error_code error;
    websocket::response_type response;
    ws.handshake(response, host + ":" + port, target, error);
    error ? end(error) : open(response);
  }

  void obey(Command&& command) {
    if (command.name == "terminate") return ws.next_layer().close();
    if (command.name == "read") return startReading();
    commands.push_back(std::move(command));
    next();
  }

 private:
  void open(http::fields const& response) {
    auto const extensions = response[http::field::sec_websocket_extensions];
    auto const subprotocol = response[http::field::sec_websocket_protocol];
    tell("open " + windowBits(extensions), std::string(subprotocol) + "\n" + std::string(extensions));
    if (isReading) read();
  }

  void startReading() {
    if (isReading) return;
    isReading = true;
    if (!isClosing) read();
  }

  void read() {
    ws.async_read(buffer, [this](beast::error_code error, std::size_t) {
      if (error) return end(error);
      auto const octets = buffer.cdata();
      tell(ws.got_text() ? "text" : "binary", {static_cast<char const*>(octets.data()), octets.size()});
      buffer.clear();
      read();
    });
  }

  // One closure for all that is sent, since each kind of closure is compiled apart.
  auto sent() {
    return [this](beast::error_code error, std::size_t = 0) {
      if (isClosing) return end(error ? error : websocket::error::closed);
      commands.pop_front();
      isBusy = false;
      next();
    };
  }

  void next() {
    if (isBusy || isEnded || commands.empty()) return;
    isBusy = true;
    auto const& [name, first, second, octets] = commands.front();
    if (name == "ping") return ws.async_ping({octets.data(), octets.size()}, sent());
    if (name == "pong") return ws.async_pong({octets.data(), octets.size()}, sent());
    if (name == "close") return close(static_cast<std::uint16_t>(std::stoi(first)), octets);
    ws.text(first == "text");
    ws.async_write_some(second != "more", asio::buffer(octets), sent());
  }

  void close(std::uint16_t code, std::string const& reason) {
    isClosing = true;
    ws.async_close({static_cast<websocket::close_code>(code), reason}, sent());
  }

  // The first to know how the connection ended tells it: a read, or the closing handshake that we have begun.
  void end(beast::error_code error) {
    if (isEnded || (isClosing && error == asio::error::operation_aborted)) return;
    isEnded = true;
    if (error != websocket::error::closed) return tell("failed " + nameOf(error));
    auto const& [code, reason] = ws.reason();
    tell("closed " + std::to_string(code), {reason.data(), reason.size()});
  }
};

static void obeyInput(asio::io_context& context, Peer& peer) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::deque<std::string> all{std::istream_iterator<std::string>(words), {}};
    Command command{all.at(0), all.size() > 2 ? all[1] : "", all.size() > 3 ? all[2] : "", ""};
    command.octets.resize(std::stoul(all.back()));
    std::cin.read(&command.octets[0], static_cast<std::streamsize>(command.octets.size()));
    asio::post(context, [&peer, command = std::move(command)]() mutable { peer.obey(std::move(command)); });
  }
  _exit(0);
}

int main(int count, char** arguments) {
  std::ios::sync_with_stdio(false);
  bool const isServer = std::string(arguments[1]) == "server";
  int const first = isServer ? 2 : 5;
  Options const options(count - first, arguments + first);
  auto const subprotocol = options.text("subprotocol");
  asio::io_context context(1);
  auto const work = asio::make_work_guard(context);
  Peer peer(context, options);
  std::thread input(obeyInput, std::ref(context), std::ref(peer));
  if (isServer) peer.accept(context, subprotocol);
  else peer.connect(arguments[2], arguments[3], arguments[4], subprotocol);
  context.run();
}
