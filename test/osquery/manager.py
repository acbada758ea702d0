"""osqueryd as an extension meets it, by Apache's generated code: takes a registration, asks the calls of argv[2] (JSON),
prints registration and answers as JSON, and shuts the extension down."""
import json
import os
import sys
import threading
import time

from osquery import Extension, ExtensionManager
from osquery.ttypes import ExtensionStatus
from thrift.protocol import TBinaryProtocol
from thrift.server import TServer
from thrift.transport import TSocket, TTransport

path, calls = sys.argv[1], json.loads(sys.argv[2])
registered = threading.Event()
said = {}


class Handler:
    def registerExtension(self, info, registry):
        said.update(name=info.name, registry=registry)
        registered.set()
        return ExtensionStatus(code=0, message="OK", uuid=4711)

    def ping(self):
        return ExtensionStatus(code=0, message="OK", uuid=0)


server = TServer.TThreadedServer(
    ExtensionManager.Processor(Handler()),
    TSocket.TServerSocket(unix_socket=path),
    TTransport.TBufferedTransportFactory(),
    TBinaryProtocol.TBinaryProtocolFactory(),
    daemon=True,
)
threading.Thread(target=server.serve, daemon=True).start()
registered.wait()
while not os.path.exists(path + ".4711"):
    time.sleep(0.02)
transport = TTransport.TBufferedTransport(TSocket.TSocket(unix_socket=path + ".4711"))
client = Extension.Client(TBinaryProtocol.TBinaryProtocol(transport))
while True:
    try:
        transport.open()
        break
    except Exception:
        time.sleep(0.02)
answers = [client.ping().code]
for item, request in calls:
    answer = client.call("table", item, request)
    answers.append({"code": answer.status.code, "message": answer.status.message, "rows": answer.response})
client.shutdown()
print(json.dumps({"said": said, "answers": answers}))
