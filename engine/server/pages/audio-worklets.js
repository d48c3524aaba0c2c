/** Collects what the microphone gives into chunks of 20 ms, as signed 16 bit, with their level. */
class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.chunk = new Int16Array(Math.round(sampleRate / 50));
    this.filled = 0;
    this.squares = 0;
  }

  process([input]) {
    const samples = input[0];
    if (!samples) return true;
    for (const sample of samples) {
      this.squares += sample * sample;
      this.chunk[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
      if (this.filled === this.chunk.length) this.hand();
    }
    return true;
  }

  hand() {
    const levelDb = 10 * Math.log10(this.squares / this.chunk.length + 1e-6);
    const pcm = this.chunk.slice().buffer;
    this.port.postMessage({ pcm, levelDb }, [pcm]);
    this.filled = 0;
    this.squares = 0;
  }
}

/** Plays what it is handed, in order, and silence where there is nothing. `flush` forgets what was not played yet. */
class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    this.queue = [];
    this.at = 0;
    this.port.onmessage = ({ data }) => {
      if (data === "flush") this.queue = [];
      else this.queue.push(data);
    };
  }

  process(_inputs, [output]) {
    const channel = output[0];
    for (let i = 0; i < channel.length; i++) {
      while (this.queue[0] && this.at >= this.queue[0].length) {
        this.queue.shift();
        this.at = 0;
      }
      channel[i] = this.queue[0] ? this.queue[0][this.at++] : 0;
    }
    return true;
  }
}

registerProcessor("microphone", Microphone);
registerProcessor("player", Player);
