// A minimal server on onnxruntime-node, the peer of `make bench-server`: node serve.mjs MODEL.onnx THREADS. An image is posted, its labels come
// back as a PNG. It does less than Hwaso's: it decides at the network's own stride and enlarges the labels, and it checks nothing.
import http from 'node:http';
import ort from 'onnxruntime-node';
import sharp from 'sharp';

const [model, threads] = process.argv.slice(2);
const session = await ort.InferenceSession.create(model, { intraOpNumThreads: Number(threads), interOpNumThreads: 1, logSeverityLevel: 3 });
const mean = [0.485, 0.456, 0.406];
const deviation = [0.229, 0.224, 0.225];
const tables = mean.map((value, c) => Float32Array.from({ length: 256 }, (_, v) => (v / 255 - value) / deviation[c]));

async function segment(body) {
    const { data, info } = await sharp(body).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const area = width * height;
    const numbers = new Float32Array(3 * area);
    for (let c = 0; c < 3; c++) for (let k = 0, table = tables[c]; k < area; k++) numbers[c * area + k] = table[data[3 * k + c]];
    const answers = await session.run({ [session.inputNames[0]]: new ort.Tensor('float32', numbers, [1, 3, height, width]) });
    const scores = answers[session.outputNames[0]];
    const [, classes, rows, columns] = scores.dims;
    const labels = new Uint8Array(rows * columns);
    const best = scores.data.slice(0, labels.length);
    for (let c = 1; c < classes; c++)
        for (let k = 0, at = c * labels.length; k < labels.length; k++, at++)
            if (scores.data[at] > best[k]) {
                best[k] = scores.data[at];
                labels[k] = c;
            }
    return sharp(labels, { raw: { width: columns, height: rows, channels: 1 } })
        .resize(width, height, { kernel: 'nearest', fit: 'fill' })
        .toColourspace('b-w')
        .png({ compressionLevel: 1 })
        .toBuffer();
}

const server = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', async () => {
        try {
            const answer = await segment(Buffer.concat(parts));
            response.writeHead(200, { 'Content-Type': 'image/png', 'Content-Length': answer.length }).end(answer);
        } catch (error) {
            response.writeHead(422).end(String(error));
        }
    });
});
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
