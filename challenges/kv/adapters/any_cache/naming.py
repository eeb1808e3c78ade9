"""Which parameter stands for what: names to slots."""

import enum
import functools
import inspect

SLOTS = {
    "batch_size": (
        "batchsize batch maxbatch maxbatchsize bsz b numsequences numseqs maxseqs nseqs "
        "maxsequences numslots nslots maxslots "
    ),
    "max_seq_len": (
        "maxseqlen maxlen maxlength maxseq maxseqlength capacity maxtokens contextlength "
        "maxcontext maxpositions maxpositionembeddings maxcachelen nctx seqlen "
        "maxsequencelength maxtokensperseq "
    ),
    "num_heads": (
        "numheads nheads heads nhead numattentionheads nh h numkvheads nkvheads kvheads "
        "numkeyvalueheads numqheads numqueryheads nkv "
    ),
    "head_dim": "headdim dhead dimhead dk dv headsize dh d headwidth",
    "width": (
        "dmodel embeddim hiddensize hiddendim modeldim nembd embeddingdim width dim "
        "embedsize dimmodel "
    ),
    "num_layers": "numlayers nlayers layers nlayer depth",
    "vocab_size": "vocabsize vocab nvocab",
    "feed_forward": "dff ffndim intermediatesize ffdim mlpdim ffhidden dffn hiddenff mlphidden",
    "dtype": "dtype datatype",
    "item_size": (
        "dtypebytes bytesperelement elementsize itemsize bytesperelem elemsize "
        "bytesperparam dtypesize "
    ),
    "block_size": "blocksize pagesize tokensperblock tokensperpage blocklen",
    "num_blocks": (
        "numblocks numpages maxblocks nblocks totalblocks poolsize totalpages maxpages "
        "npages maxnumblocks "
    ),
    "bits": "bits nbits numbits",
    "scale": "scale softmaxscale smscale scalefactor",
    "layer": "layer layeridx layerindex layerid l li il ilayer",
    "row": (
        "row batchidx batchindex batchid seqid seqidx sequenceid sequenceidx slot requestid "
        "bi rowidx seq sid "
    ),
    "rows": "slots seqids sequenceids batchindices batchids slotids rowids requestids",
    "head": "head headidx headindex hi",
    "position": (
        "pos position startpos currentpos curpos offset tokenpos cacheposition seqpos start "
        "timestep t startposition currentposition step stepidx pastlen cachelen posoffset "
    ),
    "positions": (
        "positions seqpositions positionids startpositions cachepositions tokenpositions "
    ),
    "first": "startidx begin from",
    "length": (
        "end length endpos stop upto endidx validlen tokens numtokens currentlen ntokens "
        "curlen seqlength "
    ),
    "new_lengths": (
        "newlengths newlens inputlengths numnew newseqlens promptlengths promptlens counts "
        "nvalid numvalid nreal numreal validcounts "
    ),
    "lengths": (
        "lengths seqlens seqlengths sequencelengths validlengths validlens lens contextlens "
        "kvlens cachelens cachelengths kvlengths contextlengths actuallengths "
    ),
    "k": (
        "k key keys knew newk keynew newkey newkeys kt keystates kheads kvec kcur keysnew "
        "ktoken keyvec kstep xk "
    ),
    "v": (
        "v value values vnew newv valuenew newvalue newvalues vt valuestates vheads vvec "
        "vcur valuesnew vtoken valuevec val vals vstep xv "
    ),
    "held_k": "kcache cachedk keycache cachek cachedkeys keyscache kall allkeys kfull kpast",
    "held_v": (
        "vcache cachedv valuecache cachev cachedvalues valuescache vall allvalues vfull vpast "
    ),
    "q": "q query queries qt qheads qvec qcur qstep querystates",
    "x": (
        "x xnew xt hidden hiddenstates hiddenstate inputs hnew newx qnew tokenembedding "
        "embedding embeddings xstep newhidden inputtensor inp tokenemb newembedding "
        "newtokens xs xin "
    ),
    "w_q": "wq qproj qweight weightq",
    "w_k": "wk kproj kweight weightk",
    "w_v": "wv vproj vweight weightv",
    "w_o": "wo oproj outproj oweight weighto wout cproj",
    "w_qkv": "wqkv qkv qkvproj inproj cattn qkvweight",
    "weights": "weights params parameters w layerweights attnweights parms weight",
    "cache": (
        "cache kvcache layercache past pastkv pastkeyvalue pastkvs cachestate state kv store "
    ),
    "caches": "caches kvcaches layercaches pastkeyvalues",
    "use_cache": "usecache cached withcache usekvcache",
    "causal": "causal iscausal usecausal causalmask usecausalmask applycausalmask",
    "mask": "mask attentionmask attnmask",
    "config": "config cfg cacheconfig modelconfig args hparams configuration settings",
    "model": "model decoder transformer lm",
    "tokens": (
        "tokens tokenids ids inputids token tokenid promptids prompt prompttokens "
        "prompttokenids prompts inputtokens idx "
    ),
    "new_tokens": (
        "maxnewtokens numtokens numnewtokens ntokens nnew steps numsteps maxtokens nsteps "
        "ngenerate maxgenlen newtokens genlen numgenerate "
    ),
    "temperature": "temperature temp",
    "seed": "seed randomseed",
    "rng": "rng generator randomstate",
    "greedy": "greedy",
    "do_sample": "dosample sample sampling",
    "top_k": "topk",
}
INDEXES = {"batch_size": "row", "num_heads": "head", "num_layers": "layer"}
NAME_OF = {alias: slot for slot, text in SLOTS.items() for alias in text.split()}
LENGTHS_BY_LETTER = ("S", "T", "N", "M", "s", "max_n", "size")


def slot(name):
    """What a parameter or attribute stands for, by its name; None if unknown."""
    return NAME_OF.get(name.replace("_", "").lower())


def parameters(function):
    """Parameter name -> inspect.Parameter, without self; empty where there is no signature."""
    return _parameters(getattr(function, "__func__", function))


@functools.cache
def _parameters(function):
    try:
        return {n: p for n, p in inspect.signature(function).parameters.items() if n != "self"}
    except (TypeError, ValueError):
        return {}


def meanings(function):
    """Parameter name -> slot or None; single letters mean what the parameters beside them suggest.

    In a constructor L counts layers, or tokens where nothing else does; n beside keys, values or
    hidden states is how many of them are real, and beside a prompt how many tokens to make.
    """
    found = {name: slot(name) for name in parameters(function)}
    chosen = {n for n, p in parameters(function).items() if isinstance(p.default, enum.Enum)}
    found |= dict.fromkeys(chosen)  # an enumeration can't be given a dtype or a number
    present = set(found.values())
    if {"k", "v"} <= present or {"x", "q", "cache"} & present:
        extra = {"n": "new_lengths", "valid": "new_lengths", "num_valid": "new_lengths"}
    elif "tokens" in present:
        extra = {"n": "new_tokens", "max_new": "new_tokens", "length": "new_tokens"}
    else:
        sizes = [n for n in LENGTHS_BY_LETTER if n in found and "max_seq_len" not in present]
        alone = not sizes and "max_seq_len" not in present
        extra = dict.fromkeys(sizes[:1], "max_seq_len") if {"head_dim"} & present else {}
        if "vocab_size" in present and "max_seq_len" not in present:
            extra["block_size"] = "max_seq_len"  # as GPT-2 calls its context
        if "head_dim" in present and "L" in found and {"num_layers"}.isdisjoint(present):
            extra["L"] = "max_seq_len" if alone else "num_layers"
    return found | {name: extra[name] for name in extra if name in found}


def slots(function):
    """The set of slots that a callable's parameters stand for."""
    return set(meanings(function).values()) - {None}


def indexes(function):
    """The same for a method of a cache, where `batch`, `h` and the like are indexes, not sizes."""
    return {INDEXES.get(name, name) for name in slots(function)}


def required(function, wanted):
    """Whether the parameter of this slot has no default."""
    known = meanings(function)
    return any(known[n] == wanted and p.default is p.empty for n, p in parameters(function).items())
